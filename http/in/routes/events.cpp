#include "http/in/routes/events.hpp"

#include <cassert>
#include <utility>

#include "http/in/media_type.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/accepting.hpp"

namespace sluice::http {

namespace {

std::string text_or_null(const std::optional<std::string> &text) {
  return text ? json_string(*text) : "null";
}

std::string to_json(const db::delivery &item) {
  std::string out = "{\"id\":\"" + item.id.to_string() +
                    "\",\"endpoint_id\":\"" + item.endpoint.to_string() +
                    "\",\"status\":\"";
  out += db::to_string(item.status);
  out +=
      "\",\"attempts\":" + std::to_string(item.attempts) +
      ",\"response_status\":" +
      (item.response_status ? std::to_string(*item.response_status) : "null");
  if (!item.last_error.empty())
    out += ",\"last_error\":" + json_string(item.last_error);
  return out + ",\"updated_at\":\"" + db::to_rfc3339(item.updated_at) + "\"}";
}

std::string to_json(const db::event_view &view) {
  std::string out = "{\"id\":\"" + view.id.to_string() + "\",\"status\":\"";
  out += db::to_string(view.where);
  out +=
      "\",\"type\":" + json_string(view.type) + ",\"payload\":" + view.payload +
      ",\"dedup_id\":" + text_or_null(view.dedup_id) + ",\"accepted_at\":\"" +
      db::to_rfc3339(view.accepted_at) + "\",\"stored_at\":" +
      (view.stored_at ? '"' + db::to_rfc3339(*view.stored_at) + '"' : "null") +
      ",\"attempts\":" + std::to_string(view.attempts);
  if (!view.last_error.empty())
    out += ",\"last_error\":" + json_string(view.last_error);
  out += ",\"deliveries\":[";
  for (std::size_t i = 0; i < view.deliveries.size(); ++i)
    out += (i > 0 ? "," : "") + to_json(view.deliveries[i]);
  return out + "]}";
}

} // namespace

answer post_event(service &shared, tenant_call &call) {
  if (auto type = body_type(call.in); !type)
    return tl::unexpected(std::move(type.error()));
  const auto key = idempotency_key(call.in);
  if (!key)
    return tl::unexpected(key.error());
  auto body = read_event(call.in.body, shared.settings.http.max_payload);
  if (!body)
    return tl::unexpected(std::move(body.error()));
  std::vector<db::new_event> events;
  events.push_back(
      make_event(call.who.owner.id, std::move(*body),
                 *key ? std::optional<std::string>(**key) : std::nullopt));
  const db::event_id own = events.front().id;
  const auto reply = shared.gateway.accept(std::move(events));
  if (!reply)
    return tl::unexpected(store_failure(reply.error(), own));
  assert(reply->size() == 1);
  const auto id = judge(reply->front(), own, key->has_value());
  if (!id)
    return tl::unexpected(id.error());
  return json_answer(202, "{\"id\":\"" + id->to_string() +
                              "\",\"status\":\"accepted\"}");
}

answer get_event(service &shared, tenant_call &call) {
  const auto id = db::event_id::parse(call.in.path_values.front());
  if (!id)
    return tl::unexpected(no_such_event());
  const auto owner = call.who.owner.id;
  const auto view = shared.gateway.ask<std::optional<db::event_view>>(
      [owner, id = *id](db::store &session) {
        return session.find_event(owner, id);
      });
  if (!view)
    return tl::unexpected(store_failure(view.error()));
  if (!*view)
    return tl::unexpected(no_such_event());
  return json_answer(200, to_json(**view));
}

} // namespace sluice::http
