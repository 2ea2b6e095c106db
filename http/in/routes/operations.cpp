#include "http/in/routes/operations.hpp"

#include <utility>
#include <vector>

#include "http/in/refusals.hpp"

namespace sluice::http {

namespace {

constexpr long most_faults = 1000;
constexpr std::size_t most_requeued = 1000;

std::string to_json(const db::ledger_sums &sums) {
  const auto number = [](std::string_view name, std::int64_t value) {
    return '"' + std::string(name) + "\":" + std::to_string(value);
  };
  return '{' + number("accepted", sums.accepted) + ',' +
         number("adopted", sums.adopted) + ',' +
         number("written_off", sums.written_off) + ',' +
         number("stored", sums.stored) + ',' + number("waiting", sums.waiting) +
         ',' + number("discarded", sums.discarded) + '}';
}

std::string fault_json(const db::ledger_fault &one) {
  return "{\"fault\":\"" + std::string(to_string(one.what)) +
         "\",\"event_id\":\"" + one.id.to_string() +
         "\",\"organization_id\":\"" + one.owner.to_string() + "\"}";
}

std::string to_json(const db::ledger_report &report) {
  return std::string("{\"is_balanced\":") +
         (report.is_balanced() ? "true" : "false") + ",\"at\":\"" +
         db::to_rfc3339(report.at) +
         "\",\"position\":" + std::to_string(report.position) +
         ",\"sums\":" + to_json(report.sums) +
         ",\"fault_count\":" + std::to_string(report.fault_count) +
         ",\"faults\":" + json_list(report.faults, fault_json) + '}';
}

std::string part_json(const actors::part_view &one) {
  return "{\"name\":" + json_string(one.name) + ",\"state\":\"" +
         (one.is_running ? "running" : "restarting") +
         "\",\"restarts\":" + std::to_string(one.restarts) +
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

/// The events that an order names.
std::vector<db::event_id> read_ids(field_reader &fields) {
  std::vector<db::event_id> out;
  const auto texts = fields.strings(fields.require("ids"), most_requeued);
  for (const auto &text : texts.value_or(std::vector<std::string>())) {
    if (const auto id = db::event_id::parse(text))
      out.push_back(*id);
    else
      fields.fault("ids", "has an element that is no event id");
  }
  return out;
}

using item_call = db::result<int> (db::store::*)(const db::item_order &);

answer carry_out(service &shared, const request &in, item_call call,
                 std::string_view done_name) {
  return read_order(
      in, {"ids", "actor", "reason"}, [&](field_reader &fields) -> answer {
        auto why = read_reason(fields);
        fields.require("reason");
        auto ids = read_ids(fields);
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        const auto asked = ids.size();
        const auto count =
            shared.gateway.ask<int>([why = std::move(why), ids = std::move(ids),
                                     call](db::store &session) {
              return (session.*call)(
                  {.ids = ids, .actor = why.actor, .reason = why.reason});
            });
        if (!count)
          return tl::unexpected(store_failure(count.error()));
        return json_answer(
            200, "{\"" + std::string(done_name) +
                     "\":" + std::to_string(*count) + ",\"passed_over\":" +
                     std::to_string(static_cast<int>(asked) - *count) + '}');
      });
}

} // namespace

answer post_verify(service &shared, const request &in) {
  constexpr long named_unless_told = 100;
  return read_order(in, {"most"}, [&](field_reader &fields) -> answer {
    const auto most = fields.integer(fields.find("most"), 0, most_faults);
    if (!fields.is_good())
      return tl::unexpected(fields.refusal());
    const auto found = shared.gateway.verify(
        static_cast<int>(most.value_or(named_unless_told)));
    if (!found)
      return tl::unexpected(store_failure(found.error()));
    return json_answer(200, to_json(*found));
  });
}

answer post_repair(service &shared, const request &in) {
  return read_order(
      in, {"actor", "reason"}, [&](field_reader &fields) -> answer {
        auto why = read_reason(fields);
        fields.require("reason");
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        const auto found = shared.gateway.ask<db::ledger_report>(
            [why = std::move(why)](db::store &session) {
              return session.repair_ledger(why.actor, why.reason);
            });
        if (!found)
          return tl::unexpected(store_failure(found.error()));
        return json_answer(200, "{\"found_before\":" + to_json(*found) + '}');
      });
}

answer post_requeue(service &shared, const request &in) {
  auto done = carry_out(shared, in, &db::store::requeue, "requeued");
  shared.gateway.poll_now();
  return done;
}

answer post_discard(service &shared, const request &in) {
  return carry_out(shared, in, &db::store::discard, "discarded");
}

answer post_poll(service &shared, const request &) {
  shared.gateway.poll_now();
  return json_answer(202, "{\"status\":\"polling\"}");
}

answer post_cleanup(service &shared, const request &) {
  const auto done = shared.gateway.rescue_now();
  if (!done)
    return tl::unexpected(store_failure(done.error()));
  return json_answer(
      200, "{\"rescued\":" + std::to_string(done->rescued) +
               ",\"quarantined\":" + std::to_string(done->quarantined) + '}');
}

answer post_restart(service &shared, const request &in) {
  if (!shared.gateway.restart(in.path_values.front())) {
    problem out;
    out.status = 404;
    out.slug = "not-found";
    out.title = "Not found";
    out.detail = "there is no part of that name";
    return tl::unexpected(std::move(out));
  }
  return json_answer(202, "{\"status\":\"restarting\"}");
}

answer get_parts(service &shared, const request &) {
  return json_answer(
      200, "{\"actors\":" + json_list(shared.gateway.parts(), part_json) + '}');
}

answer get_nodes(service &shared, const request &) {
  const auto nodes = shared.gateway.ask<std::vector<db::node_view>>(
      [](db::store &session) { return session.nodes(); });
  if (!nodes)
    return tl::unexpected(store_failure(nodes.error()));
  return json_answer(200, "{\"nodes\":" + json_list(*nodes, node_json) + '}');
}

} // namespace sluice::http
