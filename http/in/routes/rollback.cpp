#include "http/in/routes/rollback.hpp"

#include <utility>

#include "actors/rollback/rollback.hpp"
#include "http/in/connection_problems.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/query.hpp"

namespace sluice::http {

namespace {

using std::chrono::seconds;

constexpr long longest_seconds = 30L * 24 * 60 * 60;
constexpr char targets[] = "has to be sync, reject, stop or undo";

problem run_refusal_of(const actors::rollback_failure &why) {
  if (why.store)
    return store_failure(*why.store);
  problem out;
  out.status = 409;
  out.slug = "rollback-refused";
  out.title = "The rollback goes no further";
  out.detail = why.refusal;
  out.extensions.emplace_back("is_overdue", why.is_overdue ? "true" : "false");
  return out;
}

/// Of a look, which would write nothing anyway.
problem look_refusal_of(const actors::rollback_failure &why) {
  return why.store ? read_failure(*why.store) : run_refusal_of(why);
}

answer tell(const actors::rollback::result<actors::rollback_run> &run) {
  if (!run)
    return tl::unexpected(run_refusal_of(run.error()));
  return json_answer(200, actors::to_text(to_json(*run)));
}

actors::rollback_request read_request(field_reader &fields) {
  actors::rollback_request out;
  auto why = read_reason(fields);
  out.actor = std::move(why.actor);
  out.reason = std::move(why.reason);
  if (const auto text = fields.string(fields.require("target"))) {
    const auto target = actors::parse_rollback_target(*text);
    if (!target)
      fields.fault("target", targets);
    out.target = target.value_or(out.target);
  }
  if (const auto wait =
          fields.integer(fields.find("retry_after"), 1, longest_seconds))
    out.retry_after = seconds(*wait);
  if (const auto limit =
          fields.integer(fields.find("timeout"), 1, longest_seconds))
    out.drain_within = seconds(*limit);
  return out;
}

} // namespace

answer get_rollback_plan(service &shared, const request &in) {
  query_reader query(in, {"target"});
  const auto target =
      actors::parse_rollback_target(query.find("target").value_or("sync"));
  if (!target)
    query.fault("target", targets);
  if (!query.is_good())
    return tl::unexpected(query.refusal());
  const auto plan = actors::rollback(shared.gateway).plan({.target = *target});
  if (!plan)
    return tl::unexpected(look_refusal_of(plan.error()));
  return json_answer(200, actors::to_text(*plan));
}

answer get_rollback(service &shared, const request &) {
  auto newest = actors::rollback(shared.gateway).newest();
  if (!newest)
    return tl::unexpected(look_refusal_of(newest.error()));
  if (!*newest) {
    auto none = not_found();
    none.detail = "there was no rollback";
    return tl::unexpected(std::move(none));
  }
  return tell(std::move(**newest));
}

answer post_rollback(service &shared, const request &in) {
  return read_order(in, {"target", "actor", "reason", "retry_after", "timeout"},
                    [&](field_reader &fields) -> answer {
                      const auto asked = read_request(fields);
                      if (!fields.is_good())
                        return tl::unexpected(fields.refusal());
                      return tell(
                          actors::rollback(shared.gateway).begin(asked));
                    });
}

answer post_rollback_advance(service &shared, const request &in) {
  return read_order(
      in, {"id", "actor", "reason"}, [&](field_reader &fields) -> answer {
        const auto why = read_reason(fields);
        const auto text = fields.string(fields.require("id"));
        const auto id = db::procedure_id::parse(text.value_or(""));
        if (text && !id)
          fields.fault("id", "has to be a UUID");
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        return tell(actors::rollback(shared.gateway).advance(*id, why.actor));
      });
}

answer post_rollback_abort(service &shared, const request &in) {
  return read_order(
      in, {"actor", "reason"}, [&](field_reader &fields) -> answer {
        const auto why = read_reason(fields);
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        return tell(
            actors::rollback(shared.gateway).abort(why.actor, why.reason));
      });
}

answer post_rollback_verify(service &shared, const request &in) {
  return read_order(in, {"actor"}, [&](field_reader &fields) -> answer {
    read_reason(fields);
    if (!fields.is_good())
      return tl::unexpected(fields.refusal());
    return tell(actors::rollback(shared.gateway).verify());
  });
}

} // namespace sluice::http
