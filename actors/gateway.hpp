#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/settings_view.hpp"
#include "config/settings.hpp"
#include "db/store.hpp"

namespace sluice::actors {

/// One outcome per submitted event, in order.
using accept_reply = std::vector<db::result<db::accept_outcome>>;

/// The gate as this node sees it.
struct gate_view {
  /// False until it has been read from the store once.
  bool is_known = false;
  db::gate_state state;
};

/// Whether events are taken now, as far as this node knows; the store decides.
struct intake_state {
  enum class kind : std::uint8_t {
    open,
    /// The gate stands at `reject`.
    rejected,
    /// The queue is too long for more.
    full,
    /// The organization has as much waiting as one may have.
    over_share,
  };
  kind what = kind::open;
  /// Events go straight into the log.
  bool is_sync = false;
  /// Unless it is open: when to ask again.
  std::chrono::seconds retry_after{0};
};

/// What became of a change of the gate.
struct gate_answer {
  /// False: the version was not the one that was expected; nothing changed.
  bool is_made = false;
  /// How the dials stand now.
  db::gate_state state;
  /// Live nodes that have not said yet that they act by it. Events and claims
  /// are decided in the database: these nodes too take no event and no item
  /// the old way. They may not have noticed yet that there is work again.
  std::vector<std::string> behind;
};

/// What the last check of the books found, on whichever node.
struct ledger_view {
  bool was_checked = false;
  bool is_balanced = true;
  std::int64_t fault_count = 0;
  db::timestamp checked_at{};
};

/// One part of the service, as whoever started it sees it.
struct part_view {
  /// `poller`, `worker 3`.
  std::string name;
  bool is_running = false;
  /// How often it ended unasked since this node started.
  std::uint64_t restarts = 0;
  /// Why it did last; empty: it never did.
  std::string last_error{};
  /// When it began to run, or ended.
  db::timestamp since{};
};

/// How much an operator should mind.
enum class health_level : std::uint8_t { normal, warning, critical };

/// What `/health/ready` and the metrics show; a sample, at most
/// `health.sample_interval` old. Counts above 10'000 may be older, because to
/// count them takes time.
struct health_sample {
  bool is_ready = false;
  bool database_is_up = false;
  std::string database_error;
  db::queue_depth depth;
  /// Those to webhooks; each count goes up to 10'000.
  db::delivery_depth deliveries;
  /// How long the queue is, whether items are stuck in it, and whether less
  /// leaves it than comes in.
  health_level queue_level = health_level::normal;
  health_level stuck_level = health_level::normal;
  health_level rate_level = health_level::normal;
  /// By this node since it started: into the queue, past it into the log, and
  /// from the queue into the log.
  std::uint64_t accepted = 0;
  std::uint64_t created = 0;
  std::uint64_t stored = 0;
  std::uint64_t quarantined = 0;
  /// How fast, lately; storing while there was enough to do (0: not known).
  double accepted_per_minute = 0;
  double stored_per_minute = 0;
  /// How many in the last minute.
  double accepted_last_minute = 0;
  double stored_last_minute = 0;
  std::uint64_t restarts = 0;
  std::uint64_t restarts_last_hour = 0;
  std::string node;
  gate_view gate;
  ledger_view ledger;
  intake_state intake;
  settings_state settings;
};

/// How many values there were of which size.
struct histogram_view {
  struct bucket {
    /// The greatest value that counts here.
    double bound = 0;
    std::uint64_t count = 0;
  };
  /// By size; each value counts in one.
  std::vector<bucket> buckets;
  /// Values beyond the last bound.
  std::uint64_t beyond = 0;
  double sum = 0;
};

/// What `/metrics` shows: all of it is of this node since it started, except
/// for what the sample says of the store.
struct metrics_sample {
  health_sample health;
  std::uint64_t duplicates = 0;
  /// Of what was stored, what nobody had claimed.
  std::uint64_t stored_without_claim = 0;
  std::uint64_t retried = 0;
  std::uint64_t lost_claims = 0;
  std::uint64_t rescued = 0;
  /// Attempts to deliver, by what came of them.
  std::uint64_t delivered = 0;
  std::uint64_t delivery_failures = 0;
  std::uint64_t dead_letters = 0;
  /// Results that came after another had the delivery.
  std::uint64_t lost_deliveries = 0;
  std::uint64_t rescued_deliveries = 0;
  std::uint64_t endpoints_parked = 0;
  /// Deliveries that replays have made due again.
  std::uint64_t replayed_deliveries = 0;
  /// Rows that retention has removed.
  std::uint64_t removed_events = 0;
  std::uint64_t removed_deliveries = 0;
  std::uint64_t removed_attempts = 0;
  std::uint64_t removed_keys = 0;
  /// Requests to webhooks that are in flight now.
  std::uint64_t deliveries_in_flight = 0;
  /// Those that have a claim now.
  std::uint64_t busy_workers = 0;
  /// Seconds from `accept_later` to its answer.
  histogram_view accept_latency;
  /// Events of one commit.
  histogram_view commit_size;
  /// Seconds from an event's acceptance to the log, by its id.
  histogram_view queue_age;
  /// Seconds of one `store.move`.
  histogram_view move_time;
  /// Seconds of one step of retention.
  histogram_view prune_time;
  /// Seconds of one attempt to deliver.
  histogram_view delivery_time;
};

/// The way from threads outside the actor system to the actors behind it.
/// Thread-safe; callers block, but never longer than they say. No call
/// throws. While an actor is down, or the database away, calls fail with
/// `db::errc::unavailable` at once rather than wait.
class gateway {
public:
  virtual ~gateway() = default;

  /// Called once with what became of the events, on any thread, perhaps the
  /// caller's. Must not throw, and not wait.
  using on_accepted = std::function<void(db::result<accept_reply>)>;

  /// Hands one organization's events to the ingest actor, and returns at once;
  /// `done` follows the commit that holds them. An event's own failure stands
  /// in its place of the reply. The whole fails `unavailable` when nothing was
  /// written. `in_doubt`, in a place or for the whole: the outcome could not be
  /// learned in time.
  virtual void accept_later(std::vector<db::new_event> events,
                            on_accepted done) = 0;

  /// As `accept_later`, and waits.
  db::result<accept_reply> accept(std::vector<db::new_event> events) {
    auto promise = std::make_shared<std::promise<db::result<accept_reply>>>();
    auto reply = promise->get_future();
    accept_later(std::move(events), [promise](db::result<accept_reply> what) {
      promise->set_value(std::move(what));
    });
    if (reply.wait_for(patience()) == std::future_status::ready)
      return reply.get();
    // They were on their way, and may be written yet.
    return db::fail(db::errc::in_doubt, "the store did not answer in time");
  }

  /// The newest sample. Never blocks.
  virtual health_sample health() const = 0;

  /// The newest sample, and what was counted. Never blocks.
  virtual metrics_sample metrics() const = 0;

  /// Runs one store call on a reader actor and waits for its result.
  template <class T>
  db::result<T> ask(std::function<db::result<T>(db::store &)> call) {
    auto promise = std::make_shared<std::promise<db::result<T>>>();
    auto reply = promise->get_future();
    run(make_call(std::move(promise), std::move(call)));
    return wait_for<T>(reply, patience());
  }

  /// As `ask`, on a session apart, so that no request waits for a call that
  /// takes long; waits up to `limit`.
  template <class T>
  db::result<T> ask_apart(std::chrono::milliseconds limit,
                          std::function<db::result<T>(db::store &)> call) {
    auto promise = std::make_shared<std::promise<db::result<T>>>();
    auto reply = promise->get_future();
    run_apart(make_call(std::move(promise), std::move(call)));
    return wait_for<T>(reply, limit);
  }

  /// Changes the dials, and waits until all live nodes act by it, or for
  /// `wait` at the most. Once it has returned a value no event and no claim
  /// goes the old way, on any node.
  db::result<gate_answer> change_gate(db::gate_change change,
                                      std::chrono::milliseconds wait) {
    return await<gate_answer>(
        [&](auto done) { order(std::move(change), wait, std::move(done)); });
  }

  /// Checks the books now; names up to `most` faults.
  db::result<db::ledger_report> verify(int most) {
    return await<db::ledger_report>(
        [&](auto done) { audit(most, std::move(done)); });
  }

  /// Rescues stuck items now.
  db::result<db::rescue_outcome> rescue_now() {
    return await<db::rescue_outcome>(
        [&](auto done) { rescue(std::move(done)); });
  }

  /// For each request, to refuse early what the store would refuse, and what
  /// an organization has no room for: so many events, to be handed over next.
  /// Cheap: a short lock, no allocation.
  virtual intake_state intake(db::organization_id owner,
                              std::size_t count) const = 0;

  /// Looks for items now, whatever the poll interval says. Never blocks.
  virtual void poll_now() = 0;

  /// Endpoints have changed: what is sent follows at once, not only within a
  /// second. Never blocks.
  virtual void endpoints_changed() {}

  /// The child with this name dies as if it had crashed, and is started
  /// again. False when there is none of that name. Never blocks.
  virtual bool restart(std::string_view child) = 0;

  /// The parts of the service, and how they are.
  virtual std::vector<part_view> parts() const = 0;

  /// The settings as they hold now.
  virtual std::shared_ptr<const config::settings> settings() const = 0;

  /// The same with all that is known about them; never null.
  virtual settings_view_ptr settings_in_full() const = 0;

  /// Changes the overrides of settings, all or none, for all nodes and for
  /// good. Once it has returned without faults they hold on this node; on
  /// others within a second or so. What was begun is finished as it was begun.
  db::result<settings_answer> change_settings(settings_change change) {
    return await<settings_answer>(
        [&](auto done) { override_settings(std::move(change), done); });
  }

  /// Reads the settings' file anew, and says what came of it. A few times in a
  /// second at the most: it waits, and who comes meanwhile shares its answer.
  db::result<settings_answer> reload_settings() {
    return await<settings_answer>([&](auto done) { reload(done); });
  }

  /// The same, for those who don't wait. Never blocks; many calls cost no more
  /// than one.
  virtual void reload_settings_soon() = 0;

  /// How long `accept` and `ask` wait at the most.
  virtual std::chrono::milliseconds patience() const = 0;

protected:
  /// Called once, on the reader's thread, with its session, or with null and
  /// the reason; returns how the call went, so that the reader knows whether
  /// its session is spent. Destroyed uncalled when the reader dies.
  using store_call =
      std::function<db::result<void>(db::store *, const db::error &)>;

  /// Queues a call for a reader actor.
  virtual void run(store_call call) = 0;
  /// The same, for the auditor.
  virtual void run_apart(store_call call) = 0;

  template <class T>
  static store_call
  make_call(std::shared_ptr<std::promise<db::result<T>>> promise,
            std::function<db::result<T>(db::store &)> call) {
    return [promise = std::move(promise), call = std::move(call)](
               db::store *session, const db::error &why) -> db::result<void> {
      auto answer = session ? call(*session) : tl::unexpected(why);
      db::result<void> summary;
      if (!answer)
        summary = tl::unexpected(answer.error());
      promise->set_value(std::move(answer));
      return summary;
    };
  }

  template <class T>
  using on_result = std::function<void(db::result<T>)>;

  /// Each calls `done` once, or drops it uncalled when its actor dies.
  virtual void order(db::gate_change change, std::chrono::milliseconds wait,
                     on_result<gate_answer> done) = 0;
  virtual void audit(int most, on_result<db::ledger_report> done) = 0;
  virtual void rescue(on_result<db::rescue_outcome> done) = 0;
  virtual void override_settings(settings_change change,
                                 on_result<settings_answer> done) = 0;
  virtual void reload(on_result<settings_answer> done) = 0;

  template <class T, class Begin>
  db::result<T> await(Begin begin) {
    auto promise = std::make_shared<std::promise<db::result<T>>>();
    auto reply = promise->get_future();
    begin(on_result<T>([promise = std::move(promise)](db::result<T> what) {
      promise->set_value(std::move(what));
    }));
    return wait_for<T>(reply, patience());
  }

  template <class T>
  db::result<T> wait_for(std::future<db::result<T>> &reply,
                         std::chrono::milliseconds limit) {
    if (reply.wait_for(limit) != std::future_status::ready)
      return db::fail(db::errc::unavailable,
                      "the store did not answer in time");
    try {
      return reply.get();
    } catch (const std::future_error &) {
      return db::fail(db::errc::unavailable,
                      "the service is restarting a part");
    }
  }
};

} // namespace sluice::actors
