#include "http/in/routes/event_deliveries.hpp"

#include <chrono>
#include <utility>

#include "http/in/problem.hpp"

namespace sluice::http {

namespace {

/// More than a delivery is tried; a replay may make it more.
constexpr int most_attempts = 100;

std::string to_json(const db::attempt_record &one) {
  const auto duration =
      std::chrono::floor<std::chrono::milliseconds>(one.duration);
  return "{\"attempted_at\":\"" + db::to_rfc3339(one.attempted_at) + "\"," +
         json_number("duration_ms", duration.count()) +
         ",\"response_status\":" +
         (one.response_status ? std::to_string(*one.response_status) : "null") +
         ",\"error\":" + json_string_or_null(one.error) +
         ",\"response_head\":" + json_string_or_null(one.response_head) + '}';
}

/// Those of one delivery.
std::string attempts_of(const db::uuid &delivery,
                        const std::vector<db::attempt_record> &attempts) {
  std::vector<const db::attempt_record *> own;
  for (const auto &one : attempts)
    if (one.delivery.value() == delivery)
      own.push_back(&one);
  return json_list(own, [](auto *one) { return to_json(*one); });
}

std::string to_json(const db::delivery &item,
                    const std::vector<db::attempt_record> &attempts) {
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
  return out + ",\"updated_at\":\"" + db::to_rfc3339(item.updated_at) +
         "\",\"attempts_log\":" + attempts_of(item.id, attempts) + '}';
}

} // namespace

db::result<std::optional<seen_event>>
look_at(db::store &session, db::organization_id owner, db::event_id id) {
  auto view = session.find_event(owner, id);
  if (!view)
    return tl::unexpected(std::move(view.error()));
  if (!*view)
    return std::nullopt;
  seen_event out{std::move(**view), {}};
  if (out.view.where != db::event_view::place::stored)
    return out;
  auto attempts = session.delivery_attempts(owner, id, most_attempts);
  if (!attempts)
    return tl::unexpected(std::move(attempts.error()));
  out.attempts = std::move(*attempts);
  return out;
}

std::string deliveries_json(const seen_event &seen) {
  return json_list(seen.view.deliveries,
                   [&](auto &item) { return to_json(item, seen.attempts); });
}

} // namespace sluice::http
