#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "actors/drill/faults.hpp"
#include "actors/drill/marked_load.hpp"
#include "actors/drill/report.hpp"
#include "actors/gateway.hpp"

namespace sluice::actors {

/// How long a drill takes at the most, by its parts.
struct drill_limits {
  using milliseconds = std::chrono::milliseconds;

  /// From a fault until all is well.
  milliseconds recovery{30'000};
  /// From the end of an outage until an event is accepted.
  milliseconds reopening{5'000};
  milliseconds outage{3'000};
  /// What poisoned events may spend on being tried again.
  milliseconds retries{20'000};
  /// Over which the marked events are sent.
  milliseconds load{1'500};
  /// A fault that nobody ends is over after this.
  milliseconds fault{90'000};
  /// Until nothing is left of a drill.
  milliseconds cleaning{15'000};
};

/// Where a drill takes place: what it acts on, what it sees, and its report.
/// One thread.
class drill_stage {
public:
  using clock = std::chrono::steady_clock;
  using milliseconds = std::chrono::milliseconds;

  struct props {
    gateway &door;
    drill_faults &faults;
    const drill_limits &limits;
    std::stop_token end;
    /// Called with the report as it is now, whenever there is news.
    std::function<void(const drill_report &)> publish;
  };

  drill_stage(props with, drill_report &report);

  gateway &door() { return with_.door; }
  drill_faults &faults() { return with_.faults; }
  const drill_limits &limits() const { return with_.limits; }
  marked_load &load() { return load_; }
  drill_report &report() { return report_; }
  bool is_ended() const { return with_.end.stop_requested(); }

  /// What is done now.
  void say(const std::string &text);
  /// The drill has failed; why.
  void fail(std::string why);
  /// What was measured.
  void note(const char *name, json value);

  /// Looks again and again, until it is so or the time is over; what it was
  /// the last time. False when the drill is broken off.
  bool wait(milliseconds limit, const std::function<bool()> &is_so);
  /// As `wait`, and how long it took since then is the recovery time.
  bool recover(clock::time_point since, milliseconds limit,
               const std::function<bool()> &is_so);

  /// What has arrived in the inbox; nothing while the store can't say.
  std::optional<std::vector<db::event_id>> arrived();
  /// Whether all that was taken so far has arrived, each once.
  bool is_all_there();
  /// The items of the organization that are so; nothing while it can't be
  /// said.
  std::optional<std::vector<db::item_view>> items(db::item_status status);

  /// Waits for what was sent, and holds it against what arrived, and the books
  /// against both.
  void settle();

private:
  void settle_books();

  props with_;
  drill_report &report_;
  marked_load load_;
  clock::time_point begun_ = clock::now();
};

} // namespace sluice::actors
