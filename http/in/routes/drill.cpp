#include "http/in/routes/drill.hpp"

#include <utility>

#include "http/in/connection_problems.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/query.hpp"

namespace sluice::http {

namespace {

constexpr long most_events = 5'000;
constexpr int longest_list = 1000;
constexpr int usual_list = 50;
constexpr char names[] =
    "has to be kill-worker, kill-poller, stuck-items, db-outage, poison, "
    "sync-roundtrip, rollback or slow-endpoint";

problem drill_refusal_of(const actors::drill_refusal &why) {
  if (why.store)
    return store_failure(*why.store);
  problem out;
  out.status = 409;
  out.slug = "drill-refused";
  out.title = "The drill is not held";
  out.detail = why.text;
  return out;
}

problem no_drill() {
  auto none = not_found();
  none.detail = "there was no drill";
  return none;
}

answer tell(const actors::drill_report &report) {
  return json_answer(200, actors::to_text(to_json(report)));
}

actors::drill_request read_request(field_reader &fields) {
  actors::drill_request out;
  auto why = read_reason(fields);
  out.actor = std::move(why.actor);
  out.reason = std::move(why.reason);
  if (const auto text = fields.string(fields.require("drill"))) {
    const auto kind = actors::parse_drill_kind(*text);
    if (!kind)
      fields.fault("drill", names);
    out.kind = kind.value_or(out.kind);
  }
  if (const auto count = fields.integer(fields.find("events"), 20, most_events))
    out.events = static_cast<int>(*count);
  out.is_forced = fields.flag("force");
  return out;
}

} // namespace

answer post_drill(service &shared, const request &in) {
  if (shared.drills == nullptr)
    return tl::unexpected(not_found());
  return read_order(in, {"drill", "events", "force", "actor", "reason"},
                    [&](field_reader &fields) -> answer {
                      const auto asked = read_request(fields);
                      if (!fields.is_good())
                        return tl::unexpected(fields.refusal());
                      const auto begun = shared.drills->begin(asked);
                      if (!begun)
                        return tl::unexpected(drill_refusal_of(begun.error()));
                      return tell(*begun);
                    });
}

answer get_drill(service &shared, const request &) {
  if (shared.drills == nullptr)
    return tl::unexpected(no_drill());
  const auto newest = shared.drills->newest();
  if (!newest)
    return tl::unexpected(drill_refusal_of(newest.error()));
  if (!*newest)
    return tl::unexpected(no_drill());
  return tell(**newest);
}

answer get_drills(service &shared, const request &in) {
  query_reader query(in, {"limit"});
  const auto limit = query.integer("limit", 1, longest_list, usual_list);
  if (!query.is_good())
    return tl::unexpected(query.refusal());
  auto all = actors::json::array();
  if (shared.drills != nullptr) {
    const auto kept = shared.drills->history(limit);
    if (!kept)
      return tl::unexpected(drill_refusal_of(kept.error()));
    for (const auto &one : *kept)
      all.push_back(to_json(one));
  }
  return json_answer(200, actors::to_text({{"drills", std::move(all)}}));
}

} // namespace sluice::http
