#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/record.hpp"
#include "db/model/event.hpp"
#include "db/model/procedure.hpp"

/// What is known of a drill: the record that it is kept in, which is also its
/// report. Pure.
namespace sluice::actors {

/// Which fault is rehearsed.
enum class drill_kind : std::uint8_t {
  kill_worker,
  kill_poller,
  stuck_items,
  db_outage,
  poison,
  sync_roundtrip,
  rollback,
  /// Not in this version: it delivers by the inbox only.
  slow_endpoint,
};

enum class drill_state : std::uint8_t {
  under_way,
  passed,
  failed,
  /// The service ended while it was under way.
  interrupted,
};

/// `kill-worker`.
std::string_view to_string(drill_kind kind);
/// `under way`.
std::string_view to_string(drill_state state);
std::optional<drill_kind> parse_drill_kind(std::string_view text);

/// What an operator asks for.
struct drill_request {
  drill_kind kind = drill_kind::kill_worker;
  /// How many marked events are sent, more or less.
  int events = 200;
  /// Even while the service is not well.
  bool is_forced = false;
  std::string actor{};
  std::string reason{};
};

/// What became of one marked event, as far as its sender was told.
struct marked_event {
  enum class fate : std::uint8_t {
    accepted,
    created,
    /// Nothing was written.
    refused,
    /// It was not said.
    doubtful,
  };
  db::event_id id;
  fate told = fate::doubtful;
  /// Why, unless it was taken.
  std::string why{};
};

/// What was sent, held against what arrived.
struct drill_judgement {
  int accepted = 0;
  int refused = 0;
  int doubtful = 0;
  int arrived = 0;
  /// Taken, and not there.
  std::vector<db::event_id> lost;
  /// There more than once.
  std::vector<db::event_id> doubled;
  /// There, though nobody took it.
  std::vector<db::event_id> strange;

  bool is_clean() const {
    return lost.empty() && doubled.empty() && strange.empty();
  }
};

/// `arrived`: the inbox, as often as it shows each.
drill_judgement judge(const std::vector<marked_event> &sent,
                      std::vector<db::event_id> arrived);

struct drill_report {
  db::procedure_id id;
  /// Of the record that it is kept in.
  std::int64_t version = 0;
  drill_request asked;
  drill_state state = drill_state::under_way;
  /// Who carries it out.
  std::string node;
  db::node_id life;
  /// Whom the marked events belong to.
  db::organization_id owner;
  std::string begun_at{};
  std::string ended_at{};
  /// From the fault, or its end, until all was well again; none: never.
  std::optional<std::chrono::milliseconds> recovery{};
  drill_judgement events{};
  /// Why it failed.
  std::vector<std::string> reasons{};
  /// What was done, as it was done.
  std::vector<std::string> steps{};
  /// What was measured, for people.
  json facts = json::object();
  /// Nothing of it is left.
  bool is_cleaned_up = false;

  bool is_open() const { return state == drill_state::under_way; }
};

/// What its traces are marked with: `drill 0199...`.
std::string mark_of(const drill_report &report);

/// The whole record, as it is kept, shown and reported; names few events.
json to_json(const drill_report &report);
/// What `to_json` wrote, except for names of events; nothing if it is another
/// text.
std::optional<drill_report> parse_drill(const db::procedure &kept);

} // namespace sluice::actors
