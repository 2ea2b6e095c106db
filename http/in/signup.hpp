#pragma once

#include <optional>
#include <string_view>

#include <tl/expected.hpp>

#include "config/settings.hpp"
#include "http/in/problem.hpp"

namespace sluice::http {

/// Whether `host:port` is reached from this machine only.
bool is_loopback(std::string_view listen);

/// Whether a request shows the admin token. 401 when it shows a bearer token
/// that is none, 400 when it shows several credentials.
tl::expected<bool, problem> is_admin(const request &in,
                                     const config::auth_settings &settings);

/// A tier's requests per minute; nothing when there is no such tier.
std::optional<int> tier_rate_limit(std::string_view tier,
                                   const config::auth_settings &settings);

/// Whether anybody may make an organization of this tier.
bool may_sign_up(std::string_view tier, const config::settings &settings);

/// Whether anybody may make an organization of any tier at all.
bool may_sign_up(const config::settings &settings);

} // namespace sluice::http
