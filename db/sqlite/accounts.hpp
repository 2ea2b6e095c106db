#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/model/organization.hpp"
#include "db/sqlite/connection.hpp"

/// Organizations, keys and shared secrets inside a transaction; each does as
/// the method of `store` that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

void create_organization(connection &database, const organization &owner,
                         const api_key &key, timestamp now);
std::optional<principal> find_key(connection &database,
                                  const sha256_digest &hash, timestamp now);
std::vector<api_key> keys(connection &database, organization_id owner,
                          timestamp now);
void rotate_key(connection &database, const api_key &fresh,
                std::chrono::seconds grace, timestamp now);
std::string shared_secret(connection &database, std::string_view name,
                          timestamp now);

} // namespace sluice::db::sqlite
