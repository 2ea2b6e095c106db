#include "http/in/routes/pulls.hpp"

#include <utility>

#include "http/in/event_text.hpp"
#include "http/in/fields.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/in/routes/json_body.hpp"

namespace sluice::http {

namespace {

using pull_kind = db::pull_order::kind;

constexpr long most_pulls = 100;
constexpr long usual_pulls = 10;
constexpr long longest_lease = 12L * 60 * 60;
constexpr long usual_lease = 30;

std::chrono::milliseconds read_lease(field_reader &fields) {
  return std::chrono::seconds(
      fields.integer(fields.find("lease_seconds"), 1, longest_lease)
          .value_or(usual_lease));
}

tl::expected<db::pull_request, problem> read_claim(const tenant_call &call) {
  json_scanner scanner;
  const auto body = scan_body(call.in, scanner, body_rule::optional);
  if (!body)
    return tl::unexpected(body.error());
  field_reader fields(*body, {"limit", "lease_seconds", "endpoint_id"});
  db::pull_request out;
  out.organization = call.who.owner.id;
  out.fence = db::claim_id::generate();
  out.limit =
      static_cast<int>(fields.integer(fields.find("limit"), 1, most_pulls)
                           .value_or(usual_pulls));
  out.lease = read_lease(fields);
  const auto endpoint = fields.string(fields.find("endpoint_id"));
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  if (endpoint) {
    out.endpoint = db::endpoint_id::parse(*endpoint);
    if (!out.endpoint)
      return tl::unexpected(no_such_endpoint());
  }
  return out;
}

problem endpoint_is_pushed() {
  problem out;
  out.status = 409;
  out.slug = "endpoint-is-pushed";
  out.title = "Endpoint is pushed";
  out.detail = "this endpoint is sent its events; set its mode to pull first";
  return out;
}

/// What a puller wants, and the ids as it wrote them.
struct claim_change {
  db::pull_order order;
  std::vector<std::string> texts;
};

tl::expected<claim_change, problem> read_change(const tenant_call &call,
                                                pull_kind what) {
  json_scanner scanner;
  const auto body = scan_body(call.in, scanner);
  if (!body)
    return tl::unexpected(body.error());
  const bool is_longer = what == pull_kind::extend;
  field_reader fields(
      *body, is_longer
                 ? std::initializer_list<std::string_view>{"claim_id", "ids",
                                                           "lease_seconds"}
                 : std::initializer_list<std::string_view>{"claim_id", "ids"});
  claim_change out;
  out.order.organization = call.who.owner.id;
  out.order.what = what;
  const auto claim = fields.string(fields.require("claim_id"));
  if (claim) {
    const auto id = db::claim_id::parse(*claim);
    if (!id)
      fields.fault("claim_id", "has to be the claim_id of a claim");
    out.order.fence = id.value_or(db::claim_id());
  }
  if (const auto *const ids = fields.find("ids"))
    out.texts = fields.strings(ids, most_pulls).value_or(out.texts);
  if (is_longer)
    out.order.lease = read_lease(fields);
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  // A text that is no id asks for the nil id, which no event has.
  for (const auto &text : out.texts)
    out.order.ids.push_back(db::event_id::parse(text).value_or(db::event_id()));
  return out;
}

std::string_view status_of(pull_kind asked, db::pull_outcome what) {
  switch (what) {
  case db::pull_outcome::lost:
    return "lost";
  case db::pull_outcome::not_found:
    return "not_found";
  case db::pull_outcome::done:
  case db::pull_outcome::already:
    break;
  }
  switch (asked) {
  case pull_kind::acknowledge:
    return "delivered";
  case pull_kind::release:
    return "released";
  case pull_kind::extend:
    return "extended";
  }
  return "lost";
}

answer change_claim(service &shared, tenant_call &call, pull_kind what) {
  const auto asked = read_change(call, what);
  if (!asked)
    return tl::unexpected(asked.error());
  const auto done = shared.gateway.ask<db::pull_answer>(
      [order = asked->order](db::store &session) {
        return session.change_pulls(order);
      });
  if (!done)
    return tl::unexpected(store_failure(done.error()));
  std::string body = "{\"results\":[";
  for (std::size_t at = 0; at < done->events.size(); ++at) {
    const auto &one = done->events[at];
    body += std::string(at > 0 ? "," : "") + "{\"id\":" +
            json_string(at < asked->texts.size() ? asked->texts[at]
                                                 : one.id.to_string()) +
            ",\"status\":\"";
    body += status_of(what, one.what);
    body += "\"}";
  }
  body += ']';
  if (what == pull_kind::extend)
    body += ",\"lease_until\":\"" + db::to_rfc3339(done->lease_until) + '"';
  return json_answer(200, body + '}');
}

} // namespace

answer post_claim(service &shared, tenant_call &call) {
  const auto asked = read_claim(call);
  if (!asked)
    return tl::unexpected(asked.error());
  const auto claimed =
      shared.gateway.ask<db::pull_claim>([asked = *asked](db::store &session) {
        return session.claim_pulls(asked);
      });
  if (!claimed)
    return tl::unexpected(store_failure(claimed.error()));
  switch (claimed->what) {
  case db::pull_claim::kind::taken:
    break;
  case db::pull_claim::kind::no_endpoint:
    return tl::unexpected(no_such_endpoint());
  case db::pull_claim::kind::is_pushed:
    return tl::unexpected(endpoint_is_pushed());
  }
  return json_answer(
      200, "{\"claim_id\":\"" + asked->fence.to_string() +
               "\",\"claimed_at\":\"" + db::to_rfc3339(claimed->claimed_at) +
               "\",\"lease_until\":\"" + db::to_rfc3339(claimed->lease_until) +
               "\",\"events\":" +
               json_list(claimed->events,
                         [](const db::inbox_entry &one) {
                           return http::to_json(one);
                         }) +
               '}');
}

answer post_claim_ack(service &shared, tenant_call &call) {
  return change_claim(shared, call, pull_kind::acknowledge);
}

answer post_claim_release(service &shared, tenant_call &call) {
  return change_claim(shared, call, pull_kind::release);
}

answer post_claim_extend(service &shared, tenant_call &call) {
  return change_claim(shared, call, pull_kind::extend);
}

} // namespace sluice::http
