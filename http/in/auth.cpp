#include "http/in/auth.hpp"

#include <algorithm>
#include <utility>

#include "http/in/refusals.hpp"

namespace sluice::http {

namespace {

key_cache_options options_of(const config::auth_settings &settings,
                             std::chrono::milliseconds patience) {
  key_cache_options out;
  out.capacity = static_cast<std::size_t>(std::max(settings.cache_size, 0));
  out.ttl = settings.cache_ttl;
  // The thread that is waited for waits `patience` itself, and began earlier.
  out.patience = patience + std::chrono::milliseconds(100);
  return out;
}

problem unauthorized(std::string_view slug, std::string_view title,
                     std::string detail) {
  problem out;
  out.status = 401;
  out.slug = slug;
  out.title = title;
  out.detail = std::move(detail);
  out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"sluice\"");
  return out;
}

/// The token of `Bearer TOKEN`; empty for other schemes.
std::string_view bearer_token(std::string_view value) {
  constexpr std::string_view scheme = "bearer ";
  if (value.size() <= scheme.size())
    return {};
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const bool is_letter = scheme[i] != ' ';
    if ((value[i] | (is_letter ? 0x20 : 0)) != scheme[i])
      return {};
  }
  value.remove_prefix(scheme.size());
  while (value.starts_with(' '))
    value.remove_prefix(1);
  return value;
}

} // namespace

tl::expected<std::optional<std::string_view>, problem>
credential_of(const request &in) {
  const int keys = in.header_count("x-api-key");
  const int authorizations = in.header_count("authorization");
  if (keys + authorizations > 1) {
    problem out;
    out.status = 400;
    out.slug = "ambiguous-credentials";
    out.title = "Ambiguous credentials";
    out.detail = "send one X-API-Key or one Authorization header, not several";
    return tl::unexpected(std::move(out));
  }
  if (keys == 1)
    return in.header("x-api-key");
  if (authorizations == 1)
    return std::optional(bearer_token(*in.header("authorization")));
  return std::nullopt;
}

problem missing_credentials() {
  return unauthorized("missing-credentials", "Missing credentials",
                      "send X-API-Key: KEY or Authorization: Bearer KEY");
}

problem invalid_credentials() {
  return unauthorized("invalid-credentials", "Invalid credentials",
                      "the credentials are not valid");
}

tl::expected<db::sha256_digest, problem> shown_hash(const request &in) {
  const auto credential = credential_of(in);
  if (!credential)
    return tl::unexpected(credential.error());
  if (!*credential)
    return tl::unexpected(missing_credentials());
  return db::sha256(**credential);
}

authenticator::authenticator(actors::gateway &gateway,
                             const config::auth_settings &settings)
    : gateway_(gateway), cache_(options_of(settings, gateway.patience())) {}

namespace {

tl::expected<known_key, problem> valid(known_key found) {
  if (!found)
    return tl::unexpected(invalid_credentials());
  return found;
}

} // namespace

tl::expected<known_key, problem>
authenticator::authenticate(const request &in) {
  const auto hash = shown_hash(in);
  if (!hash)
    return tl::unexpected(hash.error());
  return authenticate(*hash);
}

tl::expected<known_key, problem>
authenticator::authenticate(const db::sha256_digest &shown) {
  auto found = cache_.get(shown, [this, &shown] {
    return gateway_.ask<std::optional<db::principal>>(
        [shown](db::store &session) { return session.find_key(shown); });
  });
  if (!found)
    return tl::unexpected(store_failure(found.error()));
  return valid(std::move(*found));
}

std::optional<tl::expected<known_key, problem>>
authenticator::recognize(const request &in) {
  const auto hash = shown_hash(in);
  if (!hash)
    return tl::unexpected(hash.error());
  auto found = cache_.peek(*hash);
  if (!found)
    return std::nullopt;
  return valid(std::move(*found));
}

} // namespace sluice::http
