#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "actors/counters.hpp"

namespace sluice::actors {

/// Decides whether the queue is too long for more events. It closes at the
/// greatest depth and opens again a tenth below, so that it does not flap.
/// Between two samples of the depth this node's own counters tell how it
/// changed. Thread-safe, without locks.
class fullness {
public:
  explicit fullness(long greatest_depth) : greatest_(greatest_depth) {}

  /// Closes at another depth from now on.
  void limit(long greatest_depth) { greatest_ = greatest_depth; }

  /// The depth is about to be counted. By the health actor.
  void begin_count(const counters &now) { stored_before_ = now.stored; }

  /// So many items were found, so many are on their way in, and the queue is
  /// emptied at this rate. What is committed or moved is counted a little
  /// later, and may be in both: `wait` takes the queue for shorter by that
  /// much, so that nobody is refused in vain. `on_their_way` is read after the
  /// depth and before the counters.
  void note(long depth, long on_their_way, const counters &now,
            double stored_per_minute);

  /// Nothing while there is room; else the time that the queue will take to
  /// get there, as `time_for` says it.
  std::optional<std::chrono::seconds> wait(const counters &now);

  /// How many items wait, or are with a worker, while the counters stand so.
  long depth(const counters &now) const;

  /// How long so many items take to leave the queue, between 1 s and a minute;
  /// 10 s while none has left it lately.
  std::chrono::seconds time_for(long items) const;

private:
  std::atomic<long> greatest_;
  /// The depth less what this node put in and took out since it started; with
  /// the counters of any later moment it gives the depth at that moment.
  std::atomic<std::int64_t> base_{0};
  std::uint64_t stored_before_ = 0;
  /// Items at the most that the last note counted once too often.
  std::atomic<std::int64_t> counted_twice_{0};
  std::atomic<double> stored_per_minute_{0};
  std::atomic<bool> is_full_{false};
};

} // namespace sluice::actors
