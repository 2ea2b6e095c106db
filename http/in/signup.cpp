#include "http/in/signup.hpp"

#include "http/in/auth.hpp"
#include "http/in/secrets.hpp"

namespace sluice::http {

namespace {

config::open_signup policy_of(const config::settings &settings) {
  if (settings.auth.signup != config::open_signup::automatic)
    return settings.auth.signup;
  return is_loopback(settings.http.listen) ? config::open_signup::free
                                           : config::open_signup::off;
}

/// Four numbers, the first of them 127.
bool is_loopback_v4(std::string_view host) {
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

} // namespace

bool is_loopback(std::string_view listen) {
  const auto host = listen.substr(0, listen.rfind(':'));
  return host == "localhost" || host == "[::1]" || host == "::1" ||
         is_loopback_v4(host);
}

tl::expected<bool, problem> is_admin(const request &in,
                                     const config::auth_settings &settings) {
  const auto credential = credential_of(in);
  if (!credential)
    return tl::unexpected(credential.error());
  if (!in.header("authorization"))
    return false;
  // Compared even when there is none, to take the same time.
  const bool is_same = is_same_secret(**credential, settings.admin_token);
  if (!is_same || settings.admin_token.empty())
    return tl::unexpected(invalid_credentials());
  return true;
}

std::optional<int> tier_rate_limit(std::string_view tier,
                                   const config::auth_settings &settings) {
  if (tier == "free")
    return settings.free_rate_limit;
  if (tier == "pro")
    return settings.pro_rate_limit;
  if (tier == "business")
    return settings.business_rate_limit;
  if (tier == "enterprise")
    return settings.enterprise_rate_limit;
  return std::nullopt;
}

bool may_sign_up(std::string_view tier, const config::settings &settings) {
  const auto policy = policy_of(settings);
  return policy == config::open_signup::any ||
         (policy == config::open_signup::free && tier == "free");
}

bool may_sign_up(const config::settings &settings) {
  return policy_of(settings) != config::open_signup::off;
}

} // namespace sluice::http
