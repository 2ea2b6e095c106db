#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace sluice::db::postgres {

bool is_postgres_url(std::string_view url);

/// The URL with what Sluice needs of every connection, wherever the URL does
/// not say otherwise: a name for operators to see, a writable server, UTF-8,
/// keepalives, and a limit for each host's connecting (libpq knows whole
/// seconds only, at least two) so that all hosts together take about
/// `connect_timeout`.
std::string complete_url(std::string_view url,
                         std::chrono::milliseconds connect_timeout);

/// The URL without user, password and parameters.
std::string public_url(std::string_view url);

/// What libpq said about a failed connection, as one line without secrets.
std::string public_connect_error(std::string_view text, std::string_view url);

} // namespace sluice::db::postgres
