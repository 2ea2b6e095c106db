#pragma once

#include <optional>

#include "db/model/override.hpp"
#include "db/sqlite/connection.hpp"

/// The overrides of settings inside a transaction; each does as the method of
/// `store` that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// One look at an index.
std::int64_t overrides_version(connection &database);

setting_overrides overrides(connection &database);

std::optional<setting_overrides> change_overrides(connection &database,
                                                  const override_change &change,
                                                  timestamp now);

} // namespace sluice::db::sqlite
