#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/delivery_store.hpp"
#include "db/model/assessment.hpp"
#include "db/model/backlog.hpp"
#include "db/model/depth.hpp"
#include "db/model/error.hpp"
#include "db/model/event.hpp"
#include "db/model/gate.hpp"
#include "db/model/inbox.hpp"
#include "db/model/inspection.hpp"
#include "db/model/ledger.hpp"
#include "db/model/node.hpp"
#include "db/model/orders.hpp"
#include "db/model/organization.hpp"
#include "db/model/override.hpp"
#include "db/model/procedure.hpp"
#include "db/model/retention.hpp"
#include "db/model/work.hpp"
#include "db/pull_store.hpp"
#include "db/store_source.hpp"

/// The contract of storage: what the service asks of a database, and what it
/// may rely on. `db/sqlite` and `db/postgres` fulfil it; `tests/db/conformance`
/// holds both to it.
///
/// Rules that hold for every method of `store`, those of `delivery_store` and
/// `pull_store` included:
///
/// - One call is one transaction. It has happened entirely when the call
///   returns a value, and not at all when it returns an error, except for
///   `errc::in_doubt`.
/// - Durable: what a returned value reports survives kill -9 and power loss.
///   Of `claim_items`, `claim_deliveries`, `move`, `move_each`, `move_due`,
///   `record_deliveries`, `compact_ledger` and `prune` alone, a power loss (on
///   PostgreSQL a crash of the server, of claims and results) may undo the last
///   ones, until another call was durable after them. Their items are then in
///   the queue, deliveries due or being sent, entries in the ledger, and rows
///   that were removed there, as before: what was sent is sent once more, what
///   was noted of an attempt is lost. What `find_event`, `inbox` and `read_log`
///   show is durable.
/// - Bounded: a call returns within the `call_timeout` it was opened with (one
///   second of grace for the clean-up), even when the server is frozen.
/// - A session belongs to one thread at a time and is not thread-safe.
/// - After `unavailable` or `in_doubt` the session is spent: every later call
///   answers `unavailable`. After all other errors it may be used on.
/// - Nothing throws.
namespace sluice::db {

/// What `repair_ledger` may take at the most, whatever `call_timeout` says.
inline constexpr std::chrono::milliseconds longest_repair{60'000};

/// One session with a store. See the rules at the top of the file.
class store : public delivery_store, public pull_store {
public:
  /// Whether the session is there still, as far as it can be told without
  /// asking the database: false once a call has lost it, or the other side has
  /// ended it while nobody called. Cheap.
  virtual bool is_connected() const { return true; }

  // -- intake ---------------------------------------------------------------

  /// Takes the events in, all or none, with their keys and their ledger
  /// entries, as the gate stands in this very transaction: at `async` into the
  /// queue as `pending` (`accepted`), at `sync` into the log with their
  /// deliveries (`created`), at `reject` not at all: `closed`, whatever their
  /// keys. Keys are decided here: the first event with a key wins, among those
  /// in `events` in their order, and against those of earlier calls that are
  /// younger than `window` or still queued.
  /// Concurrent calls with one key agree on one winner.
  /// Returns one outcome per event, in order. `rejected` names no item.
  /// With `in_doubt`, `error.doubt` is for `resolve`.
  virtual result<std::vector<accept_outcome>>
  accept(std::span<const new_event> events, std::chrono::seconds window) = 0;

  /// Tells what became of a transaction that ended `in_doubt` in another,
  /// lost session of the same store: the outcomes that `accept` would have
  /// returned if it was committed, nothing if it was rolled back. It never
  /// answers while it is undecided: it waits, ends the lost session's work
  /// where it can, and returns `unavailable` when neither helps in time.
  virtual result<std::optional<std::vector<accept_outcome>>>
  resolve(const error &doubt) = 0;

  // -- queue ----------------------------------------------------------------

  /// Marks up to `limit` items that are due as `processing` under a fresh
  /// fence: lane by lane, each of which leaves a quarter of what is left to
  /// those behind it, if they have any; in a lane, the longest due first.
  /// Items locked by others are passed over.
  /// No items is a normal result. Never returns more than `limit`. None while
  /// the gate stands at `paused` or `drained`, in this very transaction.
  virtual result<claim> claim_items(const claim_request &request) = 0;

  /// Moves all items that still carry the fence into the log: deletes them
  /// from the queue, writes `events`, one pending delivery for each endpoint
  /// of the organization that takes the type, due at once, and the ledger. The
  /// payload does not leave the database. Returns how many; those that are
  /// missing are lost, as in `move_outcome`.
  virtual result<int> move(claim_id fence) = 0;

  /// As `move`, for these items of the claim, each for itself: one that is
  /// refused stays claimed and costs the others nothing. `rejected`, when one
  /// spoils the transaction as a whole, as a constraint does that is checked at
  /// COMMIT: all stay claimed, and a call with fewer ids tells which. Takes
  /// longer; meant for a claim that `move` refuses.
  virtual result<move_outcome> move_each(claim_id fence,
                                         std::span<const event_id> ids) = 0;

  /// Moves up to `limit` items that are due, as `claim_items` would take them
  /// and `move` would move them, but without a claim that anybody sees,
  /// which costs less. All or none: with `rejected`, because the database
  /// does not take one of them, they wait as before; a claim finds out which.
  virtual result<due_outcome> move_due(const due_request &request) = 0;

  /// Records failed attempts of claimed items that still carry the fence,
  /// counts the attempt, and sends each back to the queue or to quarantine.
  virtual result<fail_outcome>
  fail_items(claim_id fence, std::span<const failure> failures) = 0;

  /// Returns claimed items that still carry the fence to the queue as if
  /// they had never been claimed; with no ids, all that carry the fence.
  /// Returns how many.
  virtual result<int> release(claim_id fence,
                              std::span<const event_id> ids) = 0;

  /// Takes stuck items away from their holders. May be called by any node,
  /// at any rate, at the same time; an item is rescued once.
  virtual result<rescue_outcome> rescue(const rescue_request &request) = 0;

  /// Counts by status, each up to the limit. Costs the same in a queue of
  /// any length: it reads indexes, and no more items than the limit says. Of
  /// the items that are processing it looks at `depth_looks_for_stuck` at the
  /// most for the stuck ones.
  virtual result<queue_depth> depth(const depth_request &request) = 0;

  /// As above, without a look for stuck items.
  result<queue_depth> depth(long limit) {
    return depth(depth_request{.limit = limit});
  }

  /// Who has how much pending, among `limit` pending items. Reads each of
  /// them: it takes a second for a million.
  virtual result<backlogs> count_backlogs(long limit) = 0;

  // -- nodes ----------------------------------------------------------------

  /// Records that this life of a node begins, and returns the claims of its
  /// earlier lives (same name) to the queue at once, as `release` does; what
  /// these were sending is due again, and the attempt counts. Returns how many
  /// items came back.
  virtual result<int> enlist(const node &self) = 0;

  /// Says that the node lives, and which version of the gate it acts by (an
  /// older one than it told before changes nothing).
  /// Returns false when it is not enlisted (its row was removed): the caller
  /// enlists again.
  virtual result<bool> heartbeat(node_id self, std::int64_t gate_version) = 0;

  /// All that are enlisted, by name.
  virtual result<std::vector<node_view>> nodes() = 0;

  /// Ends this life: the node's row goes, its claims are returned as by
  /// `enlist`, its duties are free.
  virtual result<int> retire(node_id self) = 0;

  /// Whether this node has the duty; it takes it when nobody has. A duty
  /// belongs to its holder while that has a heartbeat younger than `lease`, by
  /// the store's clock; a node without one gets none. Asking again neither
  /// writes nor prolongs anything. Who was told `true` and then stood still
  /// for the length of a lease may have lost it: what is done under a duty has
  /// to bear being done twice.
  virtual result<bool> hold_duty(node_id self, duty what,
                                 std::chrono::milliseconds lease) = 0;

  // -- reading and acknowledging --------------------------------------------

  /// Where an organization's event is now; nothing for another's event.
  virtual result<std::optional<event_view>> find_event(organization_id owner,
                                                       event_id id) = 0;

  /// A page of an organization's inbox, oldest first.
  virtual result<std::vector<inbox_entry>> inbox(const inbox_query &query) = 0;

  /// Marks an organization's events as delivered in its inbox; the events
  /// stay. One outcome per id, in order; an id may be named twice.
  virtual result<std::vector<ack_outcome>>
  acknowledge(organization_id owner, std::span<const event_id> ids) = 0;

  // -- organizations and keys -----------------------------------------------

  /// Writes a new organization with its first key and its inbox.
  virtual result<void> create_organization(const organization &owner,
                                           const api_key &key) = 0;

  /// The key with this hash and its owner, unless it has expired.
  virtual result<std::optional<principal>>
  find_key(const sha256_digest &hash) = 0;

  /// An organization's keys that have not expired, newest first.
  virtual result<std::vector<api_key>> keys(organization_id owner) = 0;

  /// Adds a key and lets every other key of its organization expire after
  /// `grace` (sooner, where it would have expired sooner).
  virtual result<void> rotate_key(const api_key &fresh,
                                  std::chrono::seconds grace) = 0;

  /// Removes an organization with all that is its own. Its events, wherever
  /// they are, are written off in the ledger: the books balance as they did,
  /// and what they miss stays missing. Writes `audit_log` if there was
  /// anything. Returns how many events; may be repeated. Keeps all ids in
  /// memory. Events that somebody sends meanwhile would stay.
  virtual result<std::int64_t> remove_organization(organization_id owner,
                                                   std::string_view actor,
                                                   std::string_view reason) = 0;

  // -- gate -----------------------------------------------------------------

  /// Where the dials stand.
  virtual result<gate_state> gate() = 0;

  /// Changes the dials and writes `audit_log`, in one transaction. A barrier:
  /// it waits for transactions of `accept`, `claim_items` and the moves that
  /// have begun, and every later one, of any node, acts by the new state.
  /// Where they don't end within the time for a call, a store that can cuts
  /// them off. Returns the new state; nothing when `expected_version` is not
  /// the version any more. With `draining`, what the certificate needs of the
  /// beginning is kept; a drain that is under way goes on. `rejected` for
  /// `drained`.
  virtual result<std::optional<gate_state>>
  change_gate(const gate_change &change) = 0;

  /// While `draining`: turns to `drained` if nothing is pending or processing,
  /// in the same transaction as it looks, and returns the certificate, which
  /// is kept as `last_drain`. Nothing otherwise.
  virtual result<std::optional<drain_certificate>> finish_drain() = 0;

  /// The certificate of the last drain that was finished.
  virtual result<std::optional<drain_certificate>> last_drain() = 0;

  // -- ledger ---------------------------------------------------------------

  /// Compares the ledger with the tables in one snapshot, without blocking
  /// anybody. Names up to `most` faults. May take longer than other calls:
  /// `call_timeout` does not bound it, `limit` does.
  virtual result<ledger_report> verify(int most,
                                       std::chrono::milliseconds limit) = 0;

  /// Makes the books balance, with an entry in the ledger for each fault and
  /// one in `audit_log`: what is missing is struck off, what is surplus is
  /// taken in, what is in two places stays in the log, or else in `discarded`.
  /// Holds the gate meanwhile, up to `longest_repair`. Returns what was
  /// found before.
  virtual result<ledger_report> repair_ledger(std::string_view actor,
                                              std::string_view reason) = 0;

  /// Keeps what a check found, for all nodes. An older check does not take the
  /// place of a newer one.
  virtual result<void> keep_verdict(const ledger_verdict &found) = 0;

  /// The verdict that is kept; cheap.
  virtual result<std::optional<ledger_verdict>> last_verdict() = 0;

  /// Folds old entries of the ledger, in the order of their positions: entries
  /// of one kind and organization become one entry, with the sum of their
  /// counts and all their ids, and an id that came in and was written off is
  /// struck from both sides, which keep their counts. So neither sums nor
  /// equation, neither names nor numbers of faults change. The new entry has
  /// the position (`seq`), the time and the kind of the newest that it stands
  /// for; `first_seq` is the position of the oldest. An entry that was folded
  /// and one that was not differ in nothing else but `node`, which is lost.
  ///
  /// A position stays an exact cut through the history where it is needed: no
  /// entry is folded that is newer than the beginning of a drain that is
  /// kept, and the newest position never changes. What does not add up, or is
  /// of an unknown kind, stays as it is, and so does all of it while the
  /// verdict that is kept says that the books do not balance.
  ///
  /// One call at a time folds, and none while the gate is being turned; others
  /// return that nothing was to be done. Holds up no `accept`, claim or move
  /// longer than its own small transaction takes.
  virtual result<compaction_outcome>
  compact_ledger(const compaction_request &request) = 0;

  /// Returns quarantined items to the queue as if they had never failed, with
  /// an entry in the ledger and in `audit_log` if there are any. Returns how
  /// many; those that are not in quarantine are passed over.
  virtual result<int> requeue(const item_order &order) = 0;

  /// Moves items that are pending or in quarantine to `discarded`, with an
  /// entry in the ledger and in `audit_log`. Returns how many.
  virtual result<int> discard(const item_order &order) = 0;

  // -- retention ------------------------------------------------------------

  /// One step of a round through all that is old: removes what nothing waits
  /// for any more, and writes the events off in the ledger, in the same
  /// transaction. May be called by any node at any time; what others hold is
  /// passed over, and left to the next round.
  ///
  /// An event waits while a delivery of it is `pending`, `failed` or `sending`.
  /// That goes for its place in the inbox, too, unless the event has arrived at
  /// a webhook: who is sent all events need not acknowledge them. One that is
  /// in the queue or in `discarded` as well stays, for a repair.
  /// A place in the inbox goes with its event, never before. A key stays while
  /// its event is in the queue.
  virtual result<prune_outcome> prune(const prune_request &request) = 0;

  // -- inspection and recovery ----------------------------------------------

  /// Looks for damage, in one snapshot, without blocking anybody. What it
  /// counts one by one has limits, see `assessment`. May take longer than other
  /// calls: `request.limit` bounds it.
  virtual result<assessment> assess(const assess_request &request) = 0;

  /// Rescues stuck items, as `rescue`, and takes those of `doubled` from the
  /// queue of which the log has the same type and payload, with the deliveries
  /// that these lack, entries in the ledger, and in `audit_log` if anything was
  /// done. Items that others work on
  /// in this moment are passed over. May be called by any node at the same
  /// time.
  virtual result<recovery_outcome> recover(const recovery_order &order) = 0;

  /// Where an event is, whoever's it is: the queue, the log, `discarded`; none,
  /// one, or, if something went wrong, several. Takes a look-up for each
  /// organization.
  virtual result<std::vector<item_record>> find_item(event_id id,
                                                     bool with_payload) = 0;

  /// Writes `audit_log` for what is about to be done elsewhere. Returns the
  /// entry's position.
  virtual result<std::int64_t> note_act(const act_note &note) = 0;

  /// Adds to that entry, once, what came of it: one line.
  virtual result<void> note_outcome(std::int64_t position,
                                    std::string_view outcome) = 0;

  /// Items of the queue, in the order of their ids: oldest first. Reads what
  /// may be changed a moment later; claims nothing. A filter that few of many
  /// items pass takes as long as it takes to look at all.
  virtual result<std::vector<item_view>>
  list_items(const item_query &query) = 0;

  /// The audit log, newest entry first.
  virtual result<std::vector<audit_record>>
  list_audit(const audit_query &query) = 0;

  // -- control --------------------------------------------------------------

  /// The settings that operators have changed while the service ran.
  virtual result<setting_overrides> overrides() = 0;

  /// Changes them, all or none, and writes `audit_log`, in one transaction.
  /// Returns what holds then; nothing when `expected_version` is not the
  /// version any more. Settings are looked at by nobody here.
  virtual result<std::optional<setting_overrides>>
  change_overrides(const override_change &change) = 0;

  /// Writes down that a procedure begins; `id`, `kind` and `document` are the
  /// caller's. False, and nothing is written, when one of its kind is open
  /// that is not this very one.
  virtual result<bool> begin_procedure(const procedure &fresh,
                                       const procedure_note &note) = 0;

  /// Saves what became of it: `document` and `is_open`. False, and nothing is
  /// written, when it has another version by now, or is not open any more.
  virtual result<bool> save_procedure(const procedure &changed,
                                      const procedure_note &note) = 0;

  /// Those of one kind, the newest first, `limit` at the most.
  virtual result<std::vector<procedure>> procedures(std::string_view kind,
                                                    int limit) = 0;

  /// The 32 bytes that all nodes of this store share under `name`; made at
  /// the first call, the same ever after.
  virtual result<std::string> shared_secret(std::string_view name) = 0;
};

} // namespace sluice::db
