#include "http/in/event_text.hpp"

#include "http/in/problem.hpp"

namespace sluice::http {

namespace {

/// Without the closing brace.
template <class Event>
std::string open_object(const Event &event) {
  std::string out = "{\"id\":\"" + event.id.to_string() +
                    "\",\"type\":" + json_string(event.type) + ",\"payload\":";
  out += event.payload;
  if (event.dedup_id)
    out += ",\"dedup_id\":" + json_string(*event.dedup_id);
  return out + ",\"accepted_at\":\"" + db::to_rfc3339(event.accepted_at) +
         "\",\"stored_at\":\"" + db::to_rfc3339(event.stored_at) + '"';
}

} // namespace

std::string to_json(const db::log_entry &event) {
  return open_object(event) + '}';
}

std::string to_json(const db::inbox_entry &event) {
  auto out = open_object(event) + ",\"status\":\"";
  out += db::to_string(event.status);
  return out + "\",\"attempts\":" + std::to_string(event.attempts) + '}';
}

} // namespace sluice::http
