#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "db/model/time.hpp"

namespace sluice::db::postgres {

/// Where a session begins to look for due items. Each claimed item leaves a
/// dead entry in the index until the next vacuum (500 000 of them cost a claim
/// 45 ms), so a busy session begins near the items that it took last. Older
/// ones that come back meanwhile, by a release on another session or by an
/// operator's hand, are seen by the next look at everything: when there is
/// nothing else, and at least once a second.
class due_floor {
public:
  using clock = std::chrono::steady_clock;

  /// None: look at everything.
  std::optional<timestamp> value(clock::time_point now) const {
    if (now - looked_at_all_ >= std::chrono::seconds(1))
      return std::nullopt;
    return floor_;
  }

  /// A look at everything has been had.
  void looked_at_all(clock::time_point now) {
    looked_at_all_ = now;
    floor_.reset();
  }

  /// An item that was due at that time has been taken. The margin is for
  /// transactions that began earlier and commit later.
  void took(timestamp due) {
    auto low = due - std::chrono::seconds(1);
    floor_ = floor_ ? std::max(*floor_, low) : low;
  }

  /// Items may have come back: look at everything.
  void forget() { floor_.reset(); }

private:
  clock::time_point looked_at_all_;
  std::optional<timestamp> floor_;
};

} // namespace sluice::db::postgres
