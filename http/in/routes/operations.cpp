#include "http/in/routes/operations.hpp"

#include <utility>
#include <vector>

#include "actors/part_names.hpp"
#include "actors/record.hpp"
#include "http/in/json_text.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/acts.hpp"
#include "http/in/routes/assessment.hpp"

namespace sluice::http {

namespace {

std::string books_json(const db::ledger_report &report) {
  return actors::to_text(actors::facts_of(report));
}

constexpr long most_faults = 1000;

std::string part_json(const actors::part_view &one) {
  return "{\"name\":" + json_string(one.name) + ",\"state\":\"" +
         (one.is_running ? "running" : "restarting") + "\",\"restart_as\":" +
         json_string_or_null(actors::restart_name_of(one.name)) +
         ",\"restarts\":" + std::to_string(one.restarts) +
         ",\"last_error\":" + json_string_or_null(one.last_error) +
         ",\"since\":\"" + db::to_rfc3339(one.since) + "\"}";
}

std::string node_json(const db::node_view &one) {
  return "{\"id\":\"" + one.who.id.to_string() +
         "\",\"name\":" + json_string(one.who.name) +
         ",\"version\":" + json_string(one.who.version) +
         ",\"gate_version\":" + std::to_string(one.gate_version) +
         ",\"silent_for_ms\":" + std::to_string(one.silent_for.count() / 1000) +
         '}';
}

problem no_such_part(std::string_view name) {
  const auto meant = actors::restart_name_of(name);
  std::string all;
  for (const auto one : actors::restartable_names())
    all += (all.empty() ? "" : ", ") + std::string(one);
  problem out;
  out.status = 404;
  out.slug = "not-found";
  out.title = "Not found";
  out.detail =
      meant.empty()
          ? "no part is started again by that name; these are: " + all +
                " (worker and reader: one of them)"
          : "no single one is started again; `" + std::string(meant) +
                "` starts one of them";
  return out;
}

std::string rescue_json(bool is_trial, long rescued, long quarantined) {
  return std::string("{") + (is_trial ? "\"dry_run\":true," : "") +
         "\"rescued\":" + std::to_string(rescued) +
         ",\"quarantined\":" + std::to_string(quarantined) + '}';
}

answer preview_rescue(service &shared) {
  const auto found = assess_quickly(shared);
  if (!found)
    return tl::unexpected(read_failure(found.error()));
  return json_answer(200,
                     rescue_json(true, found->depth.stuck - found->exhausted,
                                 found->exhausted));
}

answer rescue(service &shared, order_reason why) {
  const auto act = noted_act::begin(shared, {.actor = std::move(why.actor),
                                             .action = "cleanup",
                                             .reason = std::move(why.reason)});
  if (!act)
    return tl::unexpected(store_failure(act.error()));
  const auto done = shared.gateway.rescue_now();
  if (!done) {
    act->end("failed: " + done.error().text);
    return tl::unexpected(store_failure(done.error()));
  }
  act->end("rescued=" + std::to_string(done->rescued) +
           " quarantined=" + std::to_string(done->quarantined));
  return json_answer(200, rescue_json(false, done->rescued, done->quarantined));
}

/// A check that is kept nowhere.
answer preview_repair(service &shared) {
  const auto limit = 2 * shared.settings_now()->store.call_timeout;
  const auto found = shared.gateway.ask_apart<db::ledger_report>(
      limit, [limit](db::store &session) {
        return session.verify(static_cast<int>(most_faults), limit);
      });
  if (!found)
    return tl::unexpected(read_failure(found.error()));
  return json_answer(
      200, "{\"dry_run\":true,\"found_before\":" + books_json(*found) + '}');
}

} // namespace

answer post_verify(service &shared, const request &in) {
  constexpr long named_unless_told = 100;
  return read_order(in, {"most", "actor"}, [&](field_reader &fields) -> answer {
    const auto most = fields.integer(fields.find("most"), 0, most_faults);
    // A console signs whatever it sends.
    read_reason(fields);
    if (!fields.is_good())
      return tl::unexpected(fields.refusal());
    const auto found = shared.gateway.verify(
        static_cast<int>(most.value_or(named_unless_told)));
    if (!found)
      return tl::unexpected(store_failure(found.error()));
    return json_answer(200, books_json(*found));
  });
}

answer post_repair(service &shared, const request &in) {
  return read_order(in, {"actor", "reason", "dry_run"},
                    [&](field_reader &fields) -> answer {
                      auto why = read_reason(fields);
                      const bool is_trial = fields.flag("dry_run");
                      if (!is_trial)
                        fields.require("reason");
                      if (!fields.is_good())
                        return tl::unexpected(fields.refusal());
                      if (is_trial)
                        return preview_repair(shared);
                      const auto found = shared.gateway.ask<db::ledger_report>(
                          [why = std::move(why)](db::store &session) {
                            return session.repair_ledger(why.actor, why.reason);
                          });
                      if (!found)
                        return tl::unexpected(store_failure(found.error()));
                      return json_answer(
                          200, "{\"found_before\":" + books_json(*found) + '}');
                    });
}

answer post_poll(service &shared, const request &in) {
  return read_order(
      in, {"actor", "reason"}, [&](field_reader &fields) -> answer {
        auto why = read_reason(fields);
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        const auto act =
            noted_act::begin(shared, {.actor = std::move(why.actor),
                                      .action = "poll",
                                      .reason = std::move(why.reason)});
        if (!act)
          return tl::unexpected(store_failure(act.error()));
        shared.gateway.poll_now();
        act->end("begun");
        return json_answer(202, "{\"status\":\"polling\"}");
      });
}

answer post_cleanup(service &shared, const request &in) {
  return read_order(in, {"actor", "reason", "dry_run"},
                    [&](field_reader &fields) -> answer {
                      auto why = read_reason(fields);
                      const bool is_trial = fields.flag("dry_run");
                      if (!fields.is_good())
                        return tl::unexpected(fields.refusal());
                      return is_trial ? preview_rescue(shared)
                                      : rescue(shared, std::move(why));
                    });
}

answer post_restart(service &shared, const request &in) {
  return read_order(
      in, {"actor", "reason"}, [&](field_reader &fields) -> answer {
        auto why = read_reason(fields);
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        const std::string name(in.path_values.front());
        // What can't be done is not on the record: nothing was.
        if (actors::restart_name_of(name) != name)
          return tl::unexpected(no_such_part(name));
        // What hangs may be what the record needs.
        const auto act =
            noted_act::begin_or_log(shared, {.actor = std::move(why.actor),
                                             .action = "restart",
                                             .target = name,
                                             .reason = std::move(why.reason)});
        const bool is_there = shared.gateway.restart(name);
        act.end(is_there ? "begun" : "refused: no part of that name");
        if (!is_there)
          return tl::unexpected(no_such_part(name));
        return json_answer(202, "{\"status\":\"restarting\"}");
      });
}

answer get_parts(service &shared, const request &) {
  return json_answer(
      200, "{\"actors\":" + json_list(shared.gateway.parts(), part_json) + '}');
}

answer get_nodes(service &shared, const request &) {
  const auto nodes = shared.gateway.ask<std::vector<db::node_view>>(
      [](db::store &session) { return session.nodes(); });
  if (!nodes)
    return tl::unexpected(read_failure(nodes.error()));
  return json_answer(200, "{\"nodes\":" + json_list(*nodes, node_json) + '}');
}

} // namespace sluice::http
