#include "http/in/routes/keys.hpp"

#include <stdexcept>
#include <utility>

#include "http/in/fields.hpp"
#include "http/in/json_text.hpp"
#include "http/in/media_type.hpp"
#include "http/in/refusals.hpp"
#include "http/in/secrets.hpp"
#include "http/in/signup.hpp"

namespace sluice::http {

namespace {

struct fresh_key {
  std::string secret;
  db::api_key row;
};

fresh_key make_key(db::organization_id owner) {
  auto secret = make_api_key();
  if (!secret)
    throw std::runtime_error("the system has no random bytes");
  db::api_key row;
  row.id = db::api_key_id::generate();
  row.organization = owner;
  row.hash = db::sha256(*secret);
  row.prefix = key_prefix(*secret);
  row.inserted_at = db::system_now();
  return {std::move(*secret), std::move(row)};
}

problem forbidden(std::string_view slug, std::string_view title,
                  std::string detail) {
  problem out;
  out.status = 403;
  out.slug = slug;
  out.title = title;
  out.detail = std::move(detail);
  return out;
}

bool is_organization_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && is_printable(name) &&
         name.find_first_not_of(' ') != std::string_view::npos;
}

/// The organization that a body asks for, if it may be had.
tl::expected<db::organization, problem>
read_organization(const json_document &body, const config::settings &settings,
                  bool by_admin) {
  constexpr long highest_rate = 1'000'000'000;
  field_reader fields(body,
                      {"organization_name", "tier", "rate_limit_per_minute"});
  auto name = fields.string(fields.require("organization_name"));
  if (name && !is_organization_name(*name))
    fields.fault("organization_name",
                 "has to be 1 to 255 bytes without control characters");
  const json_member *const tier_member = fields.find("tier");
  auto tier = tier_member ? fields.string(tier_member)
                          : std::optional<std::string>("free");
  const auto tier_rate =
      tier ? tier_rate_limit(*tier, settings.auth) : std::nullopt;
  if (tier && !tier_rate)
    fields.fault("tier", "has to be free, pro, business or enterprise");
  const auto rate =
      fields.integer(fields.find("rate_limit_per_minute"), 0, highest_rate);
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  if (!by_admin && !may_sign_up(*tier, settings))
    return tl::unexpected(
        forbidden("tier-not-allowed", "Tier not allowed",
                  "this tier can be had with the admin token only"));
  if (!by_admin && rate)
    return tl::unexpected(
        forbidden("admin-only", "For the admin token only",
                  "rate_limit_per_minute can be set with the admin token "
                  "only"));
  db::organization out;
  out.id = db::organization_id::generate();
  out.name = std::move(*name);
  out.tier = std::move(*tier);
  out.rate_limit_per_minute = rate ? static_cast<int>(*rate) : *tier_rate;
  out.inserted_at = db::system_now();
  return out;
}

std::string describe(const db::organization &owner) {
  return "\"organization_id\":\"" + owner.id.to_string() +
         "\",\"organization_name\":" + json_string(owner.name) +
         ",\"tier\":" + json_string(owner.tier) +
         ",\"rate_limit_per_minute\":" +
         std::to_string(owner.rate_limit_per_minute);
}

std::string to_json(const db::api_key &key) {
  return "{\"id\":\"" + key.id.to_string() +
         "\",\"prefix\":" + json_string(key.prefix) + ",\"created_at\":\"" +
         db::to_rfc3339(key.inserted_at) + "\",\"expires_at\":" +
         (key.expires_at ? '"' + db::to_rfc3339(*key.expires_at) + '"'
                         : "null") +
         '}';
}

/// An answer with a secret in it.
response secret_answer(int status, std::string body) {
  response out = json_answer(status, std::move(body));
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

/// The body of a rotation may be empty.
tl::expected<long, problem> read_grace(const request &in) {
  constexpr long longest = 7L * 24 * 60 * 60;
  if (in.body.empty())
    return 0;
  if (auto type = body_type(in); !type)
    return tl::unexpected(std::move(type.error()));
  json_scanner scanner;
  const auto body = scanner.scan(in.body);
  if (!body)
    return tl::unexpected(invalid_json(body.error()));
  field_reader fields(*body, {"grace_seconds"});
  const auto grace = fields.integer(fields.find("grace_seconds"), 0, longest);
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  return grace.value_or(0);
}

} // namespace

answer generate_key(service &shared, const request &in) {
  const auto settings = shared.settings_now();
  const auto by_admin = is_admin(in, settings->auth);
  if (!by_admin)
    return tl::unexpected(by_admin.error());
  if (!*by_admin && !may_sign_up(*settings))
    return tl::unexpected(missing_credentials());
  if (auto type = body_type(in); !type)
    return tl::unexpected(std::move(type.error()));
  json_scanner scanner;
  const auto body = scanner.scan(in.body);
  if (!body)
    return tl::unexpected(invalid_json(body.error()));
  const auto owner = read_organization(*body, *settings, *by_admin);
  if (!owner)
    return tl::unexpected(owner.error());
  const auto key = make_key(owner->id);
  const auto done = shared.gateway.ask<void>(
      [owner = *owner, row = key.row](db::store &session) {
        return session.create_organization(owner, row);
      });
  if (!done)
    return tl::unexpected(store_failure(done.error()));
  return secret_answer(201, '{' + describe(*owner) + ",\"api_key\":" +
                                json_string(key.secret) + '}');
}

answer get_keys(service &shared, tenant_call &call) {
  const auto owner = call.who.owner.id;
  const auto keys = shared.gateway.ask<std::vector<db::api_key>>(
      [owner](db::store &session) { return session.keys(owner); });
  if (!keys)
    return tl::unexpected(read_failure(keys.error()));
  std::string body = '{' + describe(call.who.owner) + ",\"keys\":[";
  for (std::size_t i = 0; i < keys->size(); ++i)
    body += (i > 0 ? "," : "") + to_json((*keys)[i]);
  return json_answer(200, body + "]}");
}

answer rotate_key(service &shared, tenant_call &call) {
  const auto grace = read_grace(call.in);
  if (!grace)
    return tl::unexpected(grace.error());
  const auto key = make_key(call.who.owner.id);
  const auto done = shared.gateway.ask<void>(
      [row = key.row, grace = std::chrono::seconds(*grace)](
          db::store &session) { return session.rotate_key(row, grace); });
  // Also when it failed: the outcome may be unknown.
  shared.keys.forget(call.who.owner.id);
  if (!done)
    return tl::unexpected(store_failure(done.error()));
  return secret_answer(200, '{' + describe(call.who.owner) +
                                ",\"api_key\":" + json_string(key.secret) +
                                ",\"grace_seconds\":" + std::to_string(*grace) +
                                '}');
}

} // namespace sluice::http
