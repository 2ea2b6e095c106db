#include "http/in/routes/ack.hpp"

#include <utility>

#include "http/in/fields.hpp"
#include "http/in/json_text.hpp"
#include "http/in/media_type.hpp"
#include "http/in/refusals.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t most_acks = 100;

db::result<std::vector<db::ack_outcome>>
acknowledge(service &shared, db::organization_id owner,
            std::vector<db::event_id> ids) {
  return shared.gateway.ask<std::vector<db::ack_outcome>>(
      [owner, ids = std::move(ids)](db::store &session) {
        return session.acknowledge(owner, ids);
      });
}

/// Nothing in the body can be meant.
tl::expected<void, problem> expect_no_fields(const request &in) {
  if (in.body.empty())
    return {};
  if (auto type = body_type(in); !type)
    return tl::unexpected(std::move(type.error()));
  json_scanner scanner;
  const auto body = scanner.scan(in.body);
  if (!body)
    return tl::unexpected(invalid_json(body.error()));
  const field_reader fields(*body, {});
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  return {};
}

problem wrong_ids() {
  problem out = invalid_field("/ids", "has to be an array of 1 to 100 strings");
  out.extensions.emplace_back("limit", std::to_string(most_acks));
  return out;
}

tl::expected<std::vector<std::string>, problem> read_ids(const request &in) {
  if (auto type = body_type(in); !type)
    return tl::unexpected(std::move(type.error()));
  json_scanner scanner;
  const auto body = scanner.scan(in.body);
  if (!body)
    return tl::unexpected(invalid_json(body.error()));
  field_reader fields(*body, {"ids"});
  const json_member *const ids = fields.require("ids");
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  auto out = fields.strings(ids, most_acks);
  if (!out)
    return tl::unexpected(wrong_ids());
  return *out;
}

} // namespace

answer post_ack(service &shared, tenant_call &call) {
  if (auto empty = expect_no_fields(call.in); !empty)
    return tl::unexpected(std::move(empty.error()));
  const auto id = db::event_id::parse(call.in.path_values.front());
  if (!id)
    return tl::unexpected(no_such_event());
  const auto outcomes = acknowledge(shared, call.who.owner.id, {*id});
  if (!outcomes)
    return tl::unexpected(store_failure(outcomes.error()));
  if (outcomes->at(0) == db::ack_outcome::not_found)
    return tl::unexpected(no_such_event());
  return json_answer(200, "{\"id\":\"" + id->to_string() +
                              "\",\"status\":\"delivered\"}");
}

answer post_ack_batch(service &shared, tenant_call &call) {
  const auto texts = read_ids(call.in);
  if (!texts)
    return tl::unexpected(texts.error());
  // A text that is no id asks for the nil id, which no event has.
  std::vector<db::event_id> ids;
  ids.reserve(texts->size());
  for (const auto &text : *texts)
    ids.push_back(db::event_id::parse(text).value_or(db::event_id()));
  const auto outcomes = acknowledge(shared, call.who.owner.id, std::move(ids));
  if (!outcomes)
    return tl::unexpected(store_failure(outcomes.error()));
  std::string body = "{\"results\":[";
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const bool is_found = outcomes->at(i) != db::ack_outcome::not_found;
    body += std::string(i > 0 ? "," : "") +
            "{\"id\":" + json_string((*texts)[i]) + ",\"status\":\"" +
            (is_found ? "delivered" : "not_found") + "\"}";
  }
  return json_answer(200, body + "]}");
}

} // namespace sluice::http
