#include "actors/drill/report.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace sluice::actors {

namespace {

constexpr std::size_t names_at_most = 20;

constexpr std::array<std::pair<drill_kind, std::string_view>, 8> kinds{
    {{drill_kind::kill_worker, "kill-worker"},
     {drill_kind::kill_poller, "kill-poller"},
     {drill_kind::stuck_items, "stuck-items"},
     {drill_kind::db_outage, "db-outage"},
     {drill_kind::poison, "poison"},
     {drill_kind::sync_roundtrip, "sync-roundtrip"},
     {drill_kind::rollback, "rollback"},
     {drill_kind::slow_endpoint, "slow-endpoint"}}};

constexpr std::array<std::pair<drill_state, std::string_view>, 4> states{
    {{drill_state::under_way, "under way"},
     {drill_state::passed, "passed"},
     {drill_state::failed, "failed"},
     {drill_state::interrupted, "interrupted"}}};

template <class Names, class Value>
std::string_view name_in(const Names &names, Value value) {
  return std::ranges::find(names, value, &Names::value_type::first)->second;
}

template <class Names>
auto value_in(const Names &names, std::string_view text) {
  const auto found = std::ranges::find(names, text, &Names::value_type::second);
  return found == names.end() ? std::nullopt : std::optional(found->first);
}

json names_of(const std::vector<db::event_id> &ids) {
  json names = json::array();
  for (const auto &id : ids)
    if (names.size() < names_at_most)
      names.push_back(id.to_string());
  return names;
}

json to_json(const drill_judgement &events) {
  return {{"accepted", events.accepted},
          {"refused", events.refused},
          {"doubtful", events.doubtful},
          {"arrived", events.arrived},
          {"lost", events.lost.size()},
          {"doubled", events.doubled.size()},
          {"strange", events.strange.size()},
          {"lost_ids", names_of(events.lost)},
          {"doubled_ids", names_of(events.doubled)},
          {"strange_ids", names_of(events.strange)}};
}

std::vector<db::event_id> ids_at(const json &from, const char *name) {
  std::vector<db::event_id> ids;
  for (const auto &one : from.at(name))
    ids.push_back(db::event_id::parse(one.get<std::string>()).value());
  return ids;
}

drill_judgement parse_events(const json &from) {
  return {.accepted = from.at("accepted").get<int>(),
          .refused = from.at("refused").get<int>(),
          .doubtful = from.at("doubtful").get<int>(),
          .arrived = from.at("arrived").get<int>(),
          .lost = ids_at(from, "lost_ids"),
          .doubled = ids_at(from, "doubled_ids"),
          .strange = ids_at(from, "strange_ids")};
}

drill_report parse_document(const json &from) {
  drill_report report;
  report.asked = {.kind = parse_drill_kind(text_at(from, "drill")).value(),
                  .events = from.at("events_asked").get<int>(),
                  .is_forced = from.at("is_forced").get<bool>(),
                  .actor = text_at(from, "begun_by"),
                  .reason = text_at(from, "reason")};
  report.state = value_in(states, text_at(from, "state")).value();
  report.node = text_at(from, "node");
  report.life = db::node_id::parse(text_at(from, "life")).value();
  report.owner =
      db::organization_id::parse(text_at(from, "organization_id")).value();
  report.begun_at = text_at(from, "begun_at");
  report.ended_at = text_at(from, "ended_at");
  if (!from.at("recovery_ms").is_null())
    report.recovery =
        std::chrono::milliseconds(from.at("recovery_ms").get<long>());
  report.events = parse_events(from.at("events"));
  report.reasons = from.at("reasons").get<std::vector<std::string>>();
  report.steps = from.at("steps").get<std::vector<std::string>>();
  report.facts = from.at("facts");
  report.is_cleaned_up = from.at("is_cleaned_up").get<bool>();
  return report;
}

} // namespace

std::string_view to_string(drill_kind kind) {
  return name_in(kinds, kind);
}

std::string_view to_string(drill_state state) {
  return name_in(states, state);
}

std::optional<drill_kind> parse_drill_kind(std::string_view text) {
  return value_in(kinds, text);
}

drill_judgement judge(const std::vector<marked_event> &sent,
                      std::vector<db::event_id> arrived) {
  using fate = marked_event::fate;
  drill_judgement found;
  std::ranges::sort(arrived);
  std::set<db::event_id> possible;
  for (const auto &one : sent) {
    found.refused += one.told == fate::refused;
    found.doubtful += one.told == fate::doubtful;
    if (one.told != fate::refused)
      possible.insert(one.id);
    if (one.told != fate::accepted && one.told != fate::created)
      continue;
    ++found.accepted;
    if (!std::ranges::binary_search(arrived, one.id))
      found.lost.push_back(one.id);
  }
  for (auto at = arrived.begin(); at != arrived.end();) {
    const auto next = std::upper_bound(at, arrived.end(), *at);
    ++found.arrived;
    if (next - at > 1)
      found.doubled.push_back(*at);
    if (!possible.contains(*at))
      found.strange.push_back(*at);
    at = next;
  }
  return found;
}

std::string mark_of(const drill_report &report) {
  return "drill " + report.id.to_string();
}

json to_json(const drill_report &report) {
  return {{"id", report.id.to_string()},
          {"drill", to_string(report.asked.kind)},
          {"state", to_string(report.state)},
          {"recovery_ms",
           report.recovery ? json(report.recovery->count()) : json(nullptr)},
          {"begun_by", report.asked.actor},
          {"reason", text_or_null(report.asked.reason)},
          {"begun_at", report.begun_at},
          {"ended_at", text_or_null(report.ended_at)},
          {"events_asked", report.asked.events},
          {"is_forced", report.asked.is_forced},
          {"node", report.node},
          {"life", report.life.to_string()},
          {"organization_id", report.owner.to_string()},
          {"events", to_json(report.events)},
          {"reasons", report.reasons},
          {"steps", report.steps},
          {"facts", report.facts},
          {"is_cleaned_up", report.is_cleaned_up}};
}

std::optional<drill_report> parse_drill(const db::procedure &kept) try {
  auto report = parse_document(json::parse(kept.document));
  report.id = kept.id;
  report.version = kept.version;
  return report;
} catch (const std::exception &) {
  return std::nullopt;
}

} // namespace sluice::actors
