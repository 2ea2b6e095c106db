#include "http/in/routes/endpoint_orders.hpp"

#include <algorithm>
#include <utility>

#include "http/in/fields.hpp"
#include "http/in/json_text.hpp"
#include "http/in/routes/endpoint_change.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/in/routes/json_body.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t longest_reason = 1000;
constexpr std::size_t most_secrets = 3;
constexpr long usual_grace = 24L * 60 * 60;
constexpr long longest_grace = 7L * 24 * 60 * 60;

tl::expected<std::string, problem> read_pause(const request &in) {
  json_scanner scanner;
  const auto body = scan_body(in, scanner, body_rule::optional);
  if (!body)
    return tl::unexpected(body.error());
  field_reader fields(*body, {"reason"});
  auto reason = fields.string(fields.find("reason"));
  if (reason && (reason->empty() || reason->size() > longest_reason ||
                 !is_printable(*reason)))
    fields.fault("reason",
                 "has to be 1 to 1000 bytes without control characters");
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  return std::move(reason).value_or("paused by its owner");
}

tl::expected<std::chrono::seconds, problem> read_grace(const request &in) {
  json_scanner scanner;
  const auto body = scan_body(in, scanner, body_rule::optional);
  if (!body)
    return tl::unexpected(body.error());
  field_reader fields(*body, {"grace_seconds"});
  const auto grace =
      fields.integer(fields.find("grace_seconds"), 0, longest_grace);
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  return std::chrono::seconds(grace.value_or(usual_grace));
}

answer shown(const tl::expected<db::endpoint, problem> &changed) {
  if (!changed)
    return tl::unexpected(changed.error());
  return json_answer(200, to_json(*changed));
}

} // namespace

answer pause_endpoint(service &shared, tenant_call &call) {
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  const auto reason = read_pause(call.in);
  if (!reason)
    return tl::unexpected(reason.error());
  return shown(change_endpoint(shared, call.who.owner.id, *id,
                               [reason = *reason](db::endpoint &which) {
                                 which.state = db::endpoint_state::paused;
                                 which.state_reason = reason;
                               }));
}

answer resume_endpoint(service &shared, tenant_call &call) {
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  if (const auto empty = expect_no_fields(call.in); !empty)
    return tl::unexpected(empty.error());
  return shown(
      change_endpoint(shared, call.who.owner.id, *id, [](db::endpoint &which) {
        which.state = db::endpoint_state::active;
        which.state_reason.clear();
      }));
}

answer rotate_secret(service &shared, tenant_call &call) {
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  const auto grace = read_grace(call.in);
  if (!grace)
    return tl::unexpected(grace.error());
  const auto secret = make_secret(*shared.secrets);
  const auto changed = change_endpoint(
      shared, call.who.owner.id, *id,
      [sealed = secret.sealed, now = db::system_now(), grace = *grace](
          db::endpoint &which) { add_secret(which, sealed, now, grace); });
  if (!changed)
    return tl::unexpected(changed.error());
  return secret_answer(200, '{' + endpoint_members(*changed) + ",\"secret\":" +
                                json_string(secret.shown) + '}');
}

void add_secret(db::endpoint &to, std::string sealed, db::timestamp now,
                std::chrono::seconds grace) {
  const db::timestamp end = now + grace;
  for (auto &old : to.secrets)
    old.expires_at = std::min(old.expires_at.value_or(end), end);
  std::erase_if(to.secrets,
                [now](auto &old) { return *old.expires_at <= now; });
  to.secrets.insert(to.secrets.begin(), {std::move(sealed), std::nullopt});
  if (to.secrets.size() > most_secrets)
    to.secrets.resize(most_secrets);
}

} // namespace sluice::http
