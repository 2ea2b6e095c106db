#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/store.hpp"

namespace sluice::actors {

/// One outcome per submitted event, in order.
using accept_reply = std::vector<db::result<db::accept_outcome>>;

/// What `/health/ready` and the metrics show; a sample, at most
/// `health.sample_interval` old.
struct health_sample {
  bool is_ready = false;
  bool database_is_up = false;
  std::string database_error;
  db::queue_depth depth;
  /// Accepted and stored by this node since it started.
  std::uint64_t accepted = 0;
  std::uint64_t stored = 0;
  std::uint64_t quarantined = 0;
  double accepted_per_minute = 0;
  double stored_per_minute = 0;
  std::uint64_t restarts = 0;
  std::string node;
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

  /// Hands events to the ingest actor, and returns at once; `done` follows the
  /// commit that holds them. An event's own failure stands in its place of
  /// the reply. The whole fails `unavailable` when nothing was written.
  /// `in_doubt`, in a place or for the whole: the outcome could not be learned
  /// in time.
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

  /// Runs one store call on a reader actor and waits for its result.
  template <class T>
  db::result<T> ask(std::function<db::result<T>(db::store &)> call) {
    auto promise = std::make_shared<std::promise<db::result<T>>>();
    auto reply = promise->get_future();
    run([promise = std::move(promise), call = std::move(call)](
            db::store *session, const db::error &why) -> db::result<void> {
      auto answer = session ? call(*session) : tl::unexpected(why);
      db::result<void> summary;
      if (!answer)
        summary = tl::unexpected(answer.error());
      promise->set_value(std::move(answer));
      return summary;
    });
    return wait_for<T>(reply);
  }

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

  template <class T>
  db::result<T> wait_for(std::future<db::result<T>> &reply) {
    if (reply.wait_for(patience()) != std::future_status::ready)
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
