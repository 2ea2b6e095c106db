#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tl/expected.hpp>

#include "actors/drill/faults.hpp"
#include "actors/drill/report.hpp"
#include "actors/drill/stage.hpp"
#include "actors/gateway.hpp"

namespace sluice::actors {

/// Why a drill is not held.
struct drill_refusal {
  /// The store's; otherwise what stands in the way, in a line.
  std::optional<db::error> store{};
  std::string text{};
};

/// Holds drills on this node, one at a time on all nodes, each on a thread of
/// its own: whoever asked for one may go away. What is known of a drill is kept
/// in the store, and nothing else of it is left when it is over. What the death
/// of a service left behind is cleaned up at its next start, or before the next
/// drill. Thread-safe.
class drill_runner {
public:
  template <class T>
  using result = tl::expected<T, drill_refusal>;

  struct options {
    /// Has to live longer.
    gateway &door;
    std::shared_ptr<drill_faults> faults;
    db::node self;
    drill_limits limits{};
  };

  explicit drill_runner(options with);
  /// As `stop`.
  ~drill_runner();
  drill_runner(const drill_runner &) = delete;
  drill_runner &operator=(const drill_runner &) = delete;

  /// Cleans up, on a thread of its own, what an earlier life has left.
  void tidy_up_soon();

  /// Begins one and returns at once. Refused while one is under way, and, if
  /// it is not forced, while the service is not well.
  result<drill_report> begin(const drill_request &asked);

  /// The newest one, as far as it is; nothing: there was none. While it is
  /// under way on this node the store is not asked.
  result<std::optional<drill_report>> newest();

  /// Those that there were, the newest first.
  result<std::vector<drill_report>> history(int limit);

  /// Breaks off the drill that is under way, and cleans up after it. None
  /// begins any more.
  void stop();

private:
  result<void> check(const drill_request &asked);
  /// False: another node is at it, or its record can't be read.
  result<void> tidy_up();
  result<bool> is_under_way_elsewhere(const drill_report &left);
  void carry_out(drill_report report, const std::stop_token &end);
  void prepare_and_rehearse(drill_report &report, const std::stop_token &end);
  bool remove_owner(const drill_report &report);
  /// Whether nothing is left.
  bool clean_up(const drill_report &report, drill_limits::milliseconds limit);
  /// Closes the record.
  bool close(const drill_report &report);
  void publish(const drill_report &report);
  std::optional<std::string> too_many_kills(drill_kind kind);

  const options with_;
  /// Held by whoever begins, tidies up or ends one.
  std::timed_mutex turn_;
  std::mutex mutex_;
  std::optional<drill_report> newest_;
  bool is_busy_ = false;
  bool is_stopped_ = false;
  std::deque<std::chrono::steady_clock::time_point> kills_;
  std::jthread actor_;
  std::jthread tidier_;
};

} // namespace sluice::actors
