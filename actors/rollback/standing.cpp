#include "actors/rollback/standing.hpp"

#include <algorithm>
#include <string_view>

#include "actors/rollback/common.hpp"

namespace sluice::actors {

namespace {

/// Dials that it has turned, and that stand so yet.
std::vector<std::string> held_by(const rollback_run &run,
                                 const dial_positions &now) {
  std::vector<std::string> out;
  const auto add = [&out](const char *dial, auto before, auto wanted,
                          auto stands) {
    if (before != wanted && stands == wanted)
      out.emplace_back(dial);
  };
  add("ingest", run.before.ingest, run.wanted.ingest, now.ingest);
  add("processing", run.before.processing, run.wanted.processing,
      now.processing);
  add("delivery", run.before.delivery, run.wanted.delivery, now.delivery);
  return out;
}

} // namespace

std::optional<rollback_standing> standing_of(const rollback_run &newest,
                                             const db::gate_state &now) {
  rollback_standing out{.target = newest.asked.target,
                        .begun_by = newest.asked.actor,
                        .reason = newest.asked.reason};
  if (newest.is_open()) {
    const auto step =
        std::ranges::find(newest.steps, false, &step_record::is_done);
    out.next = step == newest.steps.end() ? rollback_step::verify : step->step;
    out.dials = {"ingest", "processing", "delivery"};
    return out;
  }
  if (newest.state != rollback_state::done ||
      newest.asked.target == rollback_target::undo)
    return std::nullopt;
  out.dials = held_by(newest, positions_of(now));
  return out.dials.empty() ? std::nullopt : std::optional(std::move(out));
}

db::result<std::optional<rollback_standing>>
standing_in(db::store &session, const db::gate_state &now) {
  const auto kept = session.procedures(rollback_kind, 1);
  if (!kept)
    return tl::unexpected(kept.error());
  const auto run = kept->empty() ? std::nullopt : parse_run(kept->front());
  return run ? standing_of(*run, now) : std::nullopt;
}

json to_json(const std::optional<rollback_standing> &standing) {
  if (!standing)
    return nullptr;
  return {{"target", to_string(standing->target)},
          {"state", standing->is_under_way() ? "under way" : "in force"},
          {"step",
           standing->next ? json(to_string(*standing->next)) : json(nullptr)},
          {"dials", standing->dials},
          {"begun_by", standing->begun_by},
          {"reason", text_or_null(standing->reason)}};
}

std::string describe(const rollback_standing &standing) {
  const auto is_undo = standing.target == rollback_target::undo;
  return (is_undo
              ? std::string("the undo of a rollback")
              : "the rollback to " + std::string(to_string(standing.target))) +
         ", by " + standing.begun_by +
         (standing.reason.empty() ? "" : ": " + standing.reason) + ", is " +
         (standing.is_under_way() ? "under way" : "in force");
}

} // namespace sluice::actors
