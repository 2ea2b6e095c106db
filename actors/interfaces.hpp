#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include <caf/all.hpp>

#include "actors/admin_orders.hpp"
#include "actors/gateway.hpp"
#include "db/store.hpp"

/// The map of all conversations between actors: one typed interface for each
/// kind of actor, one line of meaning above each message.
///
///   HTTP threads ---flush--> ingest --wake--> poller --assign--> worker_pool
///        |                                      ^                 |     ^
///        +---ask---> reader                     +------room-------+   done
///                                                                 v     |
///                                    dispatcher <----wake------ worker -+
///                                     |     ^
///                                    send  done
///                                     v     |
///                                   webhook_port: a thread of its own
///
///   supervisor starts, watches and stops all of them
///
///   operators --order--> gate --wake--> poller     operators --audit-->
///   auditor
///                          |
///                          +--look--> config_watcher <--order-- operators
///
///   consoles ==TLS==> admin --work--> clerk      (a system of their own)
namespace sluice::actors {

/// A store call of a thread outside, for a reader.
struct store_job {
  std::function<db::result<void>(db::store *, const db::error &)> call;
};
using store_job_ptr = std::shared_ptr<store_job>;

/// Items under a fence, on their way from the poller to a worker.
using claim_ptr = std::shared_ptr<const db::claim>;

/// An operator's change of the gate, and where the answer goes.
struct gate_order {
  db::gate_change change;
  /// How long the other nodes may take to act by it.
  std::chrono::milliseconds patience{};
  std::function<void(db::result<gate_answer>)> done;
};
using gate_order_ptr = std::shared_ptr<gate_order>;

/// A check of the books that somebody waits for.
struct audit_order {
  /// Faults to be named at the most.
  int most = 0;
  std::function<void(db::result<db::ledger_report>)> done;
};
using audit_order_ptr = std::shared_ptr<audit_order>;

/// A rescue that somebody waits for.
struct rescue_order {
  std::function<void(db::result<db::rescue_outcome>)> done;
};
using rescue_order_ptr = std::shared_ptr<rescue_order>;

/// A change of settings that somebody waits for; or, without a change, a load
/// of their file.
struct settings_order {
  std::optional<settings_change> change;
  std::function<void(db::result<settings_answer>)> done;
};
using settings_order_ptr = std::shared_ptr<settings_order>;

/// An order of a console, on its way to whoever carries it out.
using admin_order_ptr = std::shared_ptr<const admin_order>;

/// How a worker's claim went.
struct work_report {
  /// The worker's place in the pool.
  std::size_t slot = 0;
  db::claim_id fence;
  /// The shortest wait of the items that were sent back.
  std::optional<std::chrono::milliseconds> earliest_retry;
};

} // namespace sluice::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::store_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::claim_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::gate_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::audit_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::rescue_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::settings_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::admin_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::work_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::db::claim_id)

namespace sluice::actors {

using flush_atom = caf::atom_constant<caf::atom("flush")>;
using wake_atom = caf::atom_constant<caf::atom("wake")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;
using room_atom = caf::atom_constant<caf::atom("room")>;
using more_atom = caf::atom_constant<caf::atom("more")>;
using hello_atom = caf::atom_constant<caf::atom("hello")>;
using due_atom = caf::atom_constant<caf::atom("due")>;
using assign_atom = caf::atom_constant<caf::atom("assign")>;
using work_atom = caf::atom_constant<caf::atom("work")>;
using abandon_atom = caf::atom_constant<caf::atom("abandon")>;
using done_atom = caf::atom_constant<caf::atom("done")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;
using start_atom = caf::atom_constant<caf::atom("start")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;
using crash_atom = caf::atom_constant<caf::atom("crash")>;
using ping_atom = caf::atom_constant<caf::atom("ping")>;
using apply_atom = caf::atom_constant<caf::atom("apply")>;
using beat_atom = caf::atom_constant<caf::atom("beat")>;
using house_atom = caf::atom_constant<caf::atom("house")>;
using fold_atom = caf::atom_constant<caf::atom("fold")>;
using prune_atom = caf::atom_constant<caf::atom("prune")>;
using replay_atom = caf::atom_constant<caf::atom("replay")>;
using order_atom = caf::atom_constant<caf::atom("order")>;
using audit_atom = caf::atom_constant<caf::atom("audit")>;
using look_atom = caf::atom_constant<caf::atom("look")>;
using load_atom = caf::atom_constant<caf::atom("load")>;
using poll_atom = caf::atom_constant<caf::atom("poll")>;

/// Commits what clients bring, in groups.
using ingest_actor = caf::typed_actor<
    // From the intake box: a group has begun there. Sent once for each; its
    // clients are answered after the commit.
    caf::reacts_to<flush_atom>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Claims items when there is a reason to and room for them; in a burst, moves
/// them itself, and wakes the dispatcher.
using poller_actor = caf::typed_actor<
    // A hint that something may be pending. May be lost without harm.
    caf::reacts_to<wake_atom>,
    // From the gate: items may be claimed again, and from an operator: look
    // now, whatever the interval says.
    caf::reacts_to<poll_atom>,
    // An item will be due after this wait.
    caf::reacts_to<due_atom, std::chrono::milliseconds>,
    // From the pool: the claim is finished, and its worker has another one
    // already.
    caf::reacts_to<done_atom, db::claim_id>,
    // From a pool, to a poller that registered: so many workers are idle.
    caf::reacts_to<room_atom, std::size_t>,
    // From the pool: one more worker is idle, the claim is finished.
    caf::reacts_to<more_atom, db::claim_id>,
    // From a fresh pool: it holds nothing of what its predecessor held.
    caf::reacts_to<hello_atom>,
    // To itself: the time to poll has come, unless it was planned anew since.
    caf::reacts_to<tick_atom, std::uint64_t>,
    // The settings have changed.
    caf::reacts_to<apply_atom>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Owns the workers, hands claims to idle ones, replaces dead ones.
using worker_pool_actor = caf::typed_actor<
    // From the poller: a claim for which there was room.
    caf::reacts_to<assign_atom, claim_ptr>,
    // From a worker: its claim is finished.
    caf::reacts_to<done_atom, work_report>,
    // From a poller: register me, and tell me how much room there is.
    caf::reacts_to<room_atom>,
    // To itself: start the worker in this slot again.
    caf::reacts_to<start_atom, std::size_t>,
    // The settings have changed: there may be more or fewer workers.
    caf::reacts_to<apply_atom>,
    // To itself: see whether the workers still serve their messages.
    caf::reacts_to<beat_atom>,
    // Drills and tests: one worker dies at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Moves the items of one claim into the log. Blocks in the store.
using worker_actor = caf::typed_actor<
    // Move these. Answered to the pool with `done`.
    caf::reacts_to<work_atom, claim_ptr>,
    // The worker before this one died with these: count an attempt of each
    // and give them back. Answered to the pool with `done`.
    caf::reacts_to<abandon_atom, claim_ptr>,
    // To itself: the store was away; go on.
    caf::reacts_to<tick_atom>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Brings what is in the log to the endpoints that are to have it.
using dispatcher_actor = caf::typed_actor<
    // A hint that deliveries may be due. May be lost without harm.
    caf::reacts_to<wake_atom>,
    // From the port: there are answers in the box.
    caf::reacts_to<done_atom>,
    // From outside: endpoints have changed.
    caf::reacts_to<look_atom>,
    // To itself: look for what is due, unless that was planned anew since.
    caf::reacts_to<tick_atom, std::uint64_t>,
    // The settings have changed.
    caf::reacts_to<apply_atom>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Keeps this node enlisted, and keeps house for the cluster if it is this
/// node's turn: rescues stuck items, folds the ledger, removes what is old.
using janitor_actor = caf::typed_actor<
    // To itself: say that this node lives.
    caf::reacts_to<beat_atom>,
    // To itself: ask whose turn it is; if ours, take stuck items from their
    // holders.
    caf::reacts_to<house_atom>,
    // To itself: if it is our turn, fold some of the ledger's old entries.
    caf::reacts_to<fold_atom>,
    // To itself: if it is our turn, remove some of what is old enough.
    caf::reacts_to<prune_atom>,
    // To itself: go on with replays that are due, whoever's turn it is.
    caf::reacts_to<replay_atom>,
    // From an operator: rescue now, whoever's turn it is, and tell how it
    // went.
    caf::reacts_to<order_atom, rescue_order_ptr>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Samples the store and keeps the health document up to date.
using health_actor = caf::typed_actor<
    // To itself: take a sample, unless that was planned anew since.
    caf::reacts_to<tick_atom, std::uint64_t>,
    // The settings have changed.
    caf::reacts_to<apply_atom>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Turns the dials, tells this node how they stand, and knows how far the
/// other nodes are. Brings drains to their end.
using gate_actor = caf::typed_actor<
    // From outside: change the dials. Answered when all live nodes act by it.
    caf::reacts_to<order_atom, gate_order_ptr>,
    // To itself: look how the dials stand, unless that was planned anew since.
    caf::reacts_to<tick_atom, std::uint64_t>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Checks the books: on a schedule if this node keeps house, and when it is
/// asked to. Learns what another node's check found.
using auditor_actor = caf::typed_actor<
    // From outside: check now.
    caf::reacts_to<audit_atom, audit_order_ptr>,
    // From outside: run this call, which may take long.
    caf::reacts_to<ask_atom, store_job_ptr>,
    // To itself: see whether a check is due here, or was made elsewhere.
    caf::reacts_to<tick_atom>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Owns this node's settings: watches their file, keeps the overrides in the
/// store and learns of those of other nodes, and tells everybody what holds.
using config_watcher_actor = caf::typed_actor<
    // From outside: change the overrides, or load the file. Answered once the
    // outcome holds on this node.
    caf::reacts_to<order_atom, settings_order_ptr>,
    // From outside: load the file soon. Many of these are as good as one.
    caf::reacts_to<load_atom>,
    // From the gate: the overrides have changed.
    caf::reacts_to<look_atom>,
    // To itself: look at the file, unless that was planned anew since.
    caf::reacts_to<tick_atom, std::uint64_t>,
    // From whoever started the service: answered after the first look.
    caf::replies_to<hello_atom>::with<bool>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// Runs store calls for threads outside the actor system.
using reader_actor = caf::typed_actor<
    // Run this call. Its own promise carries the answer.
    caf::reacts_to<ask_atom, store_job_ptr>,
    // Drills and tests: die at once.
    caf::reacts_to<crash_atom>,
    // From whoever started it: do you still serve your messages?
    caf::replies_to<ping_atom>::with<bool>>;

/// The door for operators' consoles: published to a network, in an actor
/// system of its own that has nothing else in it. Consoles of other versions
/// have to understand it, so it never changes: whatever is new goes into the
/// texts, or gets another protocol number.
using admin_actor = caf::typed_actor<
    // From a console, its protocol and version: who are you? Answers the
    // service's protocol, its version and the node's name.
    caf::replies_to<hello_atom, std::uint32_t,
                    std::string>::with<std::uint32_t, std::string, std::string>,
    // From a console, its protocol, version and operator: carry out this
    // method, path and body. Answers a status of HTTP and a body.
    caf::replies_to<order_atom, std::uint32_t, std::string, std::string,
                    std::string, std::string,
                    std::string>::with<std::uint32_t, std::string>>;

/// Carries out one order of a console, then ends. Blocks.
using clerk_actor = caf::typed_actor<
    // From the admin actor: this one.
    caf::replies_to<work_atom, admin_order_ptr>::with<std::uint32_t,
                                                      std::string>>;

/// Starts the tree, restarts what dies, stops everything in order.
using supervisor_actor = caf::typed_actor<
    // Stop all children, one after the other, then leave.
    caf::reacts_to<stop_atom>,
    // To itself: start the child with this number again.
    caf::reacts_to<start_atom, std::size_t>,
    // To itself: see whether the children still serve their messages.
    caf::reacts_to<beat_atom>,
    // Answers `true` once all children have been started.
    caf::replies_to<hello_atom>::with<bool>>;

} // namespace sluice::actors
