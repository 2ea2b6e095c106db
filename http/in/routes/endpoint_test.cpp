#include "http/in/routes/endpoint_test.hpp"

#include <utility>

#include "http/in/routes/endpoint_change.hpp"
#include "http/in/routes/json_body.hpp"

namespace sluice::http {

namespace {

problem test_running() {
  problem out;
  out.status = 409;
  out.slug = "test-running";
  out.title = "Tests are running";
  out.detail = "a test of this organization is under way, or there are as many "
               "as there may be; try again when it is over";
  return out;
}

db::claimed_delivery test_event(const db::endpoint &at) {
  db::claimed_delivery out;
  out.endpoint = at.id;
  out.organization = at.organization;
  out.event = db::event_id::generate();
  out.type = "sluice.test";
  out.payload = R"({"message":"This is a test of your endpoint."})";
  out.accepted_at = db::system_now();
  return out;
}

std::string to_json(const actors::webhook_answer &came, db::event_id id) {
  using kind = actors::webhook_answer::kind;
  const auto duration =
      std::chrono::floor<std::chrono::milliseconds>(came.duration);
  return "{\"webhook_id\":\"" + id.to_string() +
         "\",\"delivered\":" + (came.has_arrived() ? "true," : "false,") +
         json_number("duration_ms", duration.count()) +
         ",\"response_status\":" +
         (came.what == kind::answered ? std::to_string(came.status) : "null") +
         ",\"error\":" + json_string_or_null(came.failure()) +
         ",\"response_head\":" + json_string_or_null(came.head) + '}';
}

} // namespace

answer test_endpoint(service &shared, tenant_call &call) {
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  if (const auto empty = expect_no_fields(call.in); !empty)
    return tl::unexpected(empty.error());
  const auto owner = call.who.owner.id;
  const auto at = endpoint_of(shared, owner, *id);
  if (!at)
    return tl::unexpected(at.error());
  const auto event = test_event(*at);
  const auto settings = shared.settings_now();
  const auto came = shared.try_webhook(
      owner, actors::webhook_to(*at, event, event.accepted_at),
      settings->delivery);
  if (!came)
    return tl::unexpected(test_running());
  return json_answer(200, to_json(*came, event.event));
}

} // namespace sluice::http
