#include "actors/rollback/run.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::actors {

namespace {

template <class Value, std::size_t Count>
std::optional<Value> parse(std::string_view text,
                           const std::array<Value, Count> &all) {
  const auto *found = std::ranges::find_if(
      all, [&](auto one) { return to_string(one) == text; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

// Throws as the library does, like all that reads below.
template <class Value>
Value must(std::optional<Value> found) {
  return found.value();
}

dial_positions parse_dials(const json &from) {
  return {.ingest = must(db::parse_ingest_mode(text_at(from, "ingest"))),
          .processing =
              must(db::parse_processing_mode(text_at(from, "processing"))),
          .delivery = must(db::parse_delivery_mode(text_at(from, "delivery"))),
          .retry_after =
              std::chrono::seconds(from.at("retry_after").get<long>())};
}

json to_json(const step_record &one) {
  return {{"step", to_string(one.step)},
          {"is_done", one.is_done},
          {"attempts", one.attempts},
          {"begun_at", text_or_null(one.begun_at)},
          {"ended_at", text_or_null(one.ended_at)},
          {"facts", one.facts}};
}

step_record parse_step(const json &from) {
  using enum rollback_step;
  return {.step = must(parse(text_at(from, "step"),
                             std::array{check, turn, drain, verify})),
          .is_done = from.at("is_done").get<bool>(),
          .attempts = from.at("attempts").get<int>(),
          .begun_at = text_at(from, "begun_at"),
          .ended_at = text_at(from, "ended_at"),
          .facts = from.at("facts")};
}

rollback_request parse_request(const json &from) {
  rollback_request asked;
  asked.target = must(parse_rollback_target(text_at(from, "target")));
  asked.drain_within =
      std::chrono::seconds(from.at("drain_within").get<long>());
  asked.actor = text_at(from, "begun_by");
  asked.reason = text_at(from, "reason");
  return asked;
}

rollback_run parse_document(const json &from) {
  using enum rollback_state;
  rollback_run run;
  run.asked = parse_request(from);
  run.state =
      must(parse(text_at(from, "state"), std::array{under_way, done, aborted}));
  run.begun_at = text_at(from, "begun_at");
  run.ended_at = text_at(from, "ended_at");
  run.before = parse_dials(from.at("dials_before"));
  run.wanted = parse_dials(from.at("dials_wanted"));
  for (const auto &one : from.at("steps"))
    run.steps.push_back(parse_step(one));
  run.remarks = from.at("remarks").get<std::vector<std::string>>();
  run.open_points = from.at("open_points").get<std::vector<std::string>>();
  run.is_proven = from.at("is_proven").get<bool>();
  return run;
}

} // namespace

std::string_view to_string(rollback_target target) {
  switch (target) {
  case rollback_target::sync:
    return "sync";
  case rollback_target::reject:
    return "reject";
  case rollback_target::stop:
    return "stop";
  case rollback_target::undo:
    return "undo";
  }
  return "sync";
}

std::string_view to_string(rollback_step step) {
  switch (step) {
  case rollback_step::check:
    return "check";
  case rollback_step::turn:
    return "turn";
  case rollback_step::drain:
    return "drain";
  case rollback_step::verify:
    return "verify";
  }
  return "check";
}

std::string_view to_string(rollback_state state) {
  switch (state) {
  case rollback_state::under_way:
    return "under way";
  case rollback_state::done:
    return "done";
  case rollback_state::aborted:
    return "aborted";
  }
  return "under way";
}

std::optional<rollback_target> parse_rollback_target(std::string_view text) {
  using enum rollback_target;
  return parse(text, std::array{sync, reject, stop, undo});
}

dial_positions positions_of(const db::gate_state &state) {
  return {.ingest = state.ingest,
          .processing = state.processing,
          .delivery = state.delivery,
          .retry_after = state.retry_after};
}

step_record *rollback_run::next_step() {
  const auto found = std::ranges::find(steps, false, &step_record::is_done);
  return found == steps.end() ? nullptr : &*found;
}

step_record *rollback_run::find(rollback_step step) {
  const auto found = std::ranges::find(steps, step, &step_record::step);
  return found == steps.end() ? nullptr : &*found;
}

const step_record *rollback_run::find(rollback_step step) const {
  const auto found = std::ranges::find(steps, step, &step_record::step);
  return found == steps.end() ? nullptr : &*found;
}

dial_positions wanted_for(const rollback_request &asked,
                          const dial_positions &now) {
  auto wanted = now;
  wanted.retry_after = asked.retry_after.value_or(now.retry_after);
  switch (asked.target) {
  case rollback_target::sync:
    wanted.ingest = db::ingest_mode::sync;
    wanted.processing = db::processing_mode::drained;
    break;
  case rollback_target::reject:
    wanted.ingest = db::ingest_mode::reject;
    wanted.processing = db::processing_mode::drained;
    break;
  case rollback_target::stop:
    wanted.ingest = db::ingest_mode::reject;
    wanted.processing = db::processing_mode::paused;
    wanted.delivery = db::delivery_mode::paused;
    break;
  case rollback_target::undo:
    break;
  }
  return wanted;
}

dial_positions restorable(const dial_positions &before) {
  using enum db::processing_mode;
  auto dials = before;
  if (dials.processing == draining)
    dials.processing = running;
  if (dials.processing == drained)
    dials.processing = paused;
  return dials;
}

std::vector<step_record> steps_to(rollback_target target) {
  using enum rollback_step;
  std::vector<step_record> steps;
  const auto has_drain =
      target == rollback_target::sync || target == rollback_target::reject;
  for (auto step : {check, turn, drain, verify})
    if (step != drain || has_drain)
      steps.push_back({.step = step});
  return steps;
}

json to_json(const dial_positions &dials) {
  return {{"ingest", to_string(dials.ingest)},
          {"processing", to_string(dials.processing)},
          {"delivery", to_string(dials.delivery)},
          {"retry_after", dials.retry_after.count()}};
}

json to_json(const rollback_run &run) {
  json steps = json::array();
  for (const auto &one : run.steps)
    steps.push_back(to_json(one));
  return {{"id", run.id.to_string()},
          {"target", to_string(run.asked.target)},
          {"state", to_string(run.state)},
          {"begun_by", run.asked.actor},
          {"reason", text_or_null(run.asked.reason)},
          {"begun_at", run.begun_at},
          {"ended_at", text_or_null(run.ended_at)},
          {"drain_within", run.asked.drain_within.count()},
          {"dials_before", to_json(run.before)},
          {"dials_wanted", to_json(run.wanted)},
          {"steps", steps},
          {"remarks", run.remarks},
          {"is_proven", run.is_proven},
          {"open_points", run.open_points}};
}

std::optional<rollback_run> parse_run(const db::procedure &kept) try {
  auto run = parse_document(json::parse(kept.document));
  run.id = kept.id;
  run.version = kept.version;
  return run;
} catch (const std::exception &) {
  return std::nullopt;
}

} // namespace sluice::actors
