#pragma once

#include <chrono>

#include "db/model/depth.hpp"

namespace sluice::actors {

/// Decides how far the queue is counted. To count a long one takes the
/// database time, so it is counted to its end for a twentieth of the time at
/// the most. In between counting stops early, and the rest is as it was. Pure.
class depth_pacer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct known {
    db::queue_depth depth;
    /// False when some of the counts are those of an earlier time.
    bool is_fresh = true;
  };

  /// Where counting is to stop now, if it need not go beyond `greatest`.
  long limit(long greatest, time_point now) const;

  /// What is known once so many were counted up to `limit`, from `begun` to
  /// `ended`.
  known note(const db::queue_depth &counted, long limit, time_point begun,
             time_point ended);

private:
  time_point next_{};
  db::queue_depth last_;
};

} // namespace sluice::actors
