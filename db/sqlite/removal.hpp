#pragma once

#include <cstdint>
#include <string_view>

#include "db/sqlite/connection.hpp"

namespace sluice::db::sqlite {

/// As `store::remove_organization`. Throws `SQLite::Exception`.
std::int64_t remove_organization(connection &database, organization_id owner,
                                 std::string_view actor,
                                 std::string_view reason, timestamp now);

} // namespace sluice::db::sqlite
