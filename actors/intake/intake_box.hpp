#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "actors/handle_box.hpp"
#include "actors/intake/accept_group.hpp"
#include "actors/interfaces.hpp"

namespace sluice::actors {

/// The way to the ingest actor, and the place where events gather for it
/// while it commits: whatever arrives during one commit becomes the next.
///
/// Clients whose events are not for the queue's first lane gather apart, behind
/// the others: of four groups that are taken while both wait, one is theirs. So
/// nobody waits behind all that another one brings at once.
///
/// A second actor, the relief, commits beside the first, but only groups that
/// are full: these gain nothing by waiting, while small ones would only become
/// smaller, and their commits more.
///
/// Thread-safe.
class intake_box {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Events of one commit at the most, unless a single client brings more.
  void limit(std::size_t events);

  /// Adds a client's events to the youngest group, or begins another and
  /// wakes the ingest actor for it. While the actor is down `done` is called
  /// at once.
  void put(std::vector<db::new_event> events, time_point deadline,
           gateway::on_accepted done);

  /// The group whose turn it is, in each line the oldest; null when there is
  /// none.
  std::unique_ptr<accept_group> take();

  /// The next group that is full, for the relief; null when there is none.
  std::unique_ptr<accept_group> take_full();

  /// Whether there is a burst: lately many clients have been sharing each
  /// commit.
  bool has_burst() const;

  /// The actor's handle; empty while it is down.
  ingest_actor get() const;

  /// Set by the supervisor: with a handle the box takes events, without one
  /// it refuses them, and answers those that wait.
  void set(ingest_actor handle);

  /// As `set` with nothing, by an actor that ends; unless another has taken
  /// its place.
  void leave(const caf::actor_addr &who);

  /// The relief's handle. While it is down the first does everything.
  handle_box<ingest_actor> &relief() { return relief_; }

private:
  using line = std::deque<std::unique_ptr<accept_group>>;

  /// What a client's events have changed.
  struct change {
    bool is_group_new = false;
    bool is_group_full = false;
  };

  change add(std::vector<db::new_event> &events, time_point deadline,
             gateway::on_accepted &done);
  line &next_line();
  std::unique_ptr<accept_group> take_from(line &groups);
  /// Whether the line's oldest group would hardly grow by waiting.
  bool is_full(const line &groups) const;

  mutable std::mutex mutex_;
  ingest_actor handle_;
  handle_box<ingest_actor> relief_;
  line first_;
  line behind_;
  unsigned turn_ = 0;
  std::size_t limit_ = 1000;
  /// Moving average of the clients in a group.
  double clients_ = 0;
  time_point last_taken_{};
};

} // namespace sluice::actors
