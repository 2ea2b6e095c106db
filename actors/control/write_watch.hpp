#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/model/error.hpp"

namespace sluice::actors {

/// Whether a text says no more than that something took too long, not why.
bool is_vague(std::string_view cause);

/// Knows whether this node's changes get into the store. A database that can
/// be read may still be locked by another program, read-only or full: whoever
/// changes something tells here how it went, and the heartbeat does so while
/// nothing else happens. Thread-safe; costs a short lock for each change.
class write_watch {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  enum class kind : std::uint8_t {
    /// Events that clients bring. Its success proves that all is well.
    commit,
    /// This node's sign of life. Small: it may fit where events do not.
    heartbeat,
    /// Whatever may turn out to change nothing, so that its success proves
    /// nothing; it counts when it is kept waiting.
    upkeep,
  };

  /// A change that waits for longer is taken for one that fails.
  static constexpr std::chrono::milliseconds longest_wait{3'000};
  /// After this time without a commit a heartbeat is proof enough.
  static constexpr std::chrono::milliseconds quiet_time{3'000};

  /// Notes that a change begins; `end` has to follow, with what it returned.
  time_point begin(time_point now = clock::now());

  /// `failure`: null when the change was made.
  void end(kind what, time_point begun, const db::error *failure,
           time_point now = clock::now());

  /// Makes the change, between `begin` and `end`.
  template <class Call>
  auto around(kind what, Call call) -> decltype(call()) {
    const auto begun = begin();
    auto answer = call();
    end(what, begun, answer ? nullptr : &answer.error());
    return answer;
  }

  /// Whether the last change failed, and none was made since.
  bool is_failing() const;

  /// Why changes have failed for `patience` or longer; nothing: they don't.
  std::optional<std::string> trouble(std::chrono::milliseconds patience,
                                     time_point now = clock::now()) const;

private:
  struct streak {
    std::optional<time_point> since;
    time_point last{};
  };

  void succeed(kind what, time_point now);
  void fail(streak &of, time_point begun, std::string_view cause,
            time_point now);
  std::optional<time_point> failing_since() const;

  mutable std::mutex mutex_;
  streak commits_;
  streak heartbeats_;
  time_point last_success_{};
  std::string cause_;
  /// When those that have not ended yet have begun.
  std::vector<time_point> under_way_;
};

} // namespace sluice::actors
