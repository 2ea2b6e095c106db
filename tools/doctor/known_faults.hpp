#pragma once

#include <string>
#include <string_view>

#include "tools/doctor/finding.hpp"

/// What is known about versions of what Sluice stands on. The tables are in
/// the source, each row with where it is from. Pure.
namespace sluice::tools {

/// By `server_version_num`. `today` is `2026-01-31`.
finding judge_postgres_version(long number, const std::string &text,
                               std::string_view today);

/// By `sqlite3_libversion_number`.
finding judge_sqlite_version(long number, const std::string &text);

/// By the version's text: `3.0.17`.
finding judge_openssl_version(const std::string &text, std::string_view today);

} // namespace sluice::tools
