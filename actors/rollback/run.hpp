#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/record.hpp"
#include "db/model/gate.hpp"
#include "db/model/procedure.hpp"

/// What is known of a rollback: the record that its steps are kept in, which is
/// also its report. Pure.
namespace sluice::actors {

/// Where a rollback leads.
enum class rollback_target : std::uint8_t {
  /// Events go straight into the log; the queue is emptied, then rests.
  sync,
  /// No event comes in; the queue is emptied, then rests.
  reject,
  /// Everything stands still, at once; the queue is kept as it is.
  stop,
  /// Back to how the dials stood before the last rollback, or before the first
  /// of several in a row.
  undo,
};

enum class rollback_step : std::uint8_t {
  /// What is there: the books, the queue, the nodes. Changes nothing.
  check,
  /// The dials, in one change.
  turn,
  /// Until nothing is pending or processing.
  drain,
  /// Whether all is as it was to be.
  verify,
};

enum class rollback_state : std::uint8_t { under_way, done, aborted };

std::string_view to_string(rollback_target target);
std::string_view to_string(rollback_step step);
std::string_view to_string(rollback_state state);
std::optional<rollback_target> parse_rollback_target(std::string_view text);

/// How the dials stand, without who turned them and when.
struct dial_positions {
  db::ingest_mode ingest = db::ingest_mode::async;
  db::processing_mode processing = db::processing_mode::running;
  db::delivery_mode delivery = db::delivery_mode::running;
  std::chrono::seconds retry_after{30};
};

dial_positions positions_of(const db::gate_state &state);

/// What an operator asks for.
struct rollback_request {
  rollback_target target = rollback_target::sync;
  /// What clients are told to wait while events are refused; none: what the
  /// gate says now.
  std::optional<std::chrono::seconds> retry_after{};
  /// A drain is given up after this.
  std::chrono::seconds drain_within{600};
  std::string actor{};
  std::string reason{};
};

/// One step, and how far it came.
struct step_record {
  rollback_step step = rollback_step::check;
  bool is_done = false;
  /// How often it was begun; more than once after a crash or a drain that was
  /// given up.
  int attempts = 0;
  /// RFC 3339; empty: not yet.
  std::string begun_at{};
  std::string ended_at{};
  /// What it found or did, for people.
  json facts = json::object();
};

struct rollback_run {
  db::procedure_id id;
  /// Of the record that it is kept in.
  std::int64_t version = 0;
  rollback_request asked;
  rollback_state state = rollback_state::under_way;
  std::string begun_at{};
  std::string ended_at{};
  /// How the dials stood when it began, and how they are to stand at its end.
  dial_positions before{};
  dial_positions wanted{};
  std::vector<step_record> steps{};
  /// What happened on the way, such as that it was taken up again.
  std::vector<std::string> remarks{};
  /// Once it is verified: what is not as it was to be.
  std::vector<std::string> open_points{};
  bool is_proven = false;

  bool is_open() const { return state == rollback_state::under_way; }
  /// The first step that is not done; null when all are.
  step_record *next_step();
  /// Null when it has no such step.
  step_record *find(rollback_step step);
  const step_record *find(rollback_step step) const;
};

/// Whether the drain was begun, by this run.
inline bool is_ordered(const step_record &drain) {
  return drain.facts.value("is_ordered", false);
}

/// The dials that lead to a target; `undo` has its own.
dial_positions wanted_for(const rollback_request &asked,
                          const dial_positions &now);
/// The dials that an operator can ask for, to be back at `before`.
dial_positions restorable(const dial_positions &before);
/// The steps that lead to a target, none of them begun.
std::vector<step_record> steps_to(rollback_target target);

json to_json(const dial_positions &dials);
/// The whole record, as it is kept, shown and reported.
json to_json(const rollback_run &run);
/// The run that `to_json` wrote; nothing if it is another text.
std::optional<rollback_run> parse_run(const db::procedure &kept);

} // namespace sluice::actors
