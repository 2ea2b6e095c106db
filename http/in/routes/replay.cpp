#include "http/in/routes/replay.hpp"

#include <chrono>
#include <utility>

#include "http/in/fields.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/endpoint_change.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/in/routes/json_body.hpp"

namespace sluice::http {

namespace {

constexpr int step_size = 1000;
constexpr int most_steps = 100;
/// No step begins later: a request is not to take longer than a client waits.
constexpr std::chrono::seconds longest{10};

problem not_stored() {
  problem out;
  out.status = 409;
  out.slug = "not-stored";
  out.title = "Not stored";
  out.detail = "the event is not in the log, so nothing of it was delivered";
  return out;
}

/// An id in a body; a fault for text that is none.
template <class Id>
std::optional<Id> read_id(field_reader &fields, std::string_view name) {
  const auto text = fields.string(fields.find(name));
  if (!text)
    return std::nullopt;
  auto id = Id::parse(*text);
  if (!id)
    fields.fault(name, "has to be an id");
  return id;
}

tl::expected<db::replay_order, problem> read_event_order(const request &in) {
  json_scanner scanner;
  const auto body = scan_body(in, scanner, body_rule::optional);
  if (!body)
    return tl::unexpected(body.error());
  field_reader fields(*body, {"endpoint_id", "after", "dry_run"});
  db::replay_order out;
  out.endpoint = read_id<db::endpoint_id>(fields, "endpoint_id");
  out.after = read_id<db::delivery_id>(fields, "after");
  out.is_dry_run = fields.flag("dry_run");
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  return out;
}

/// 404 without the event, 409 without its deliveries.
tl::expected<void, problem>
expect_stored(service &shared, db::organization_id owner, db::event_id id) {
  const auto found = shared.gateway.ask<std::optional<db::event_view>>(
      [owner, id](db::store &session) {
        return session.find_event(owner, id);
      });
  if (!found)
    return tl::unexpected(read_failure(found.error()));
  if (!*found)
    return tl::unexpected(no_such_event());
  if ((*found)->where != db::event_view::place::stored)
    return tl::unexpected(not_stored());
  return {};
}

/// Each step is a call of its own, so that others have their turn.
answer replay(service &shared, db::replay_order order) {
  order.limit = step_size;
  const auto begun = std::chrono::steady_clock::now();
  std::int64_t count = 0;
  for (int steps = 0; steps < most_steps; ++steps) {
    if (steps > 0 && std::chrono::steady_clock::now() - begun > longest)
      break;
    const auto done =
        shared.gateway.ask<db::replay_outcome>([order](db::store &session) {
          return session.replay_deliveries(order);
        });
    // What was done before is told, with the place to go on from: what this
    // step may have done is passed over then.
    if (!done && steps > 0)
      break;
    if (!done)
      return tl::unexpected(endpoint_failure(done.error()));
    count += done->count;
    order.after = done->next;
    if (!order.after)
      break;
  }
  if (!order.is_dry_run && count > 0)
    shared.gateway.endpoints_changed();
  return json_answer(
      200, '{' + json_number("count", count) + ",\"dry_run\":" +
               (order.is_dry_run ? "true" : "false") + ",\"next\":" +
               (order.after ? json_string(order.after->to_string()) : "null") +
               '}');
}

} // namespace

answer replay_event(service &shared, tenant_call &call) {
  const auto id = db::event_id::parse(call.in.path_values.front());
  if (!id)
    return tl::unexpected(no_such_event());
  auto order = read_event_order(call.in);
  if (!order)
    return tl::unexpected(std::move(order.error()));
  const auto owner = call.who.owner.id;
  if (const auto there = expect_stored(shared, owner, *id); !there)
    return tl::unexpected(there.error());
  if (order->endpoint)
    if (const auto there = endpoint_of(shared, owner, *order->endpoint); !there)
      return tl::unexpected(there.error());
  order->organization = owner;
  order->event = id;
  return replay(shared, *order);
}

} // namespace sluice::http
