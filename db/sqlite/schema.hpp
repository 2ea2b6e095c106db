#pragma once

#include <string>

#include "db/sqlite/connection.hpp"

namespace sluice::db::sqlite {

/// The version of the schema in the database; 0 when there is none. Reads
/// only. Throws `SQLite::Exception`.
int schema_version(connection &database);

/// The version of the database at `path`; 0 when the file is missing.
/// Changes nothing. Throws `SQLite::Exception`.
int schema_version(const std::string &path);

/// Throws `refusal` (schema), saying what to do, unless `found` is the version
/// that this program knows.
void require_known(int found);

/// Throws `refusal` (schema) when `found` is newer than this program knows.
void require_not_newer(int found);

/// Applies the migrations that are missing, one transaction each; returns how
/// many. Throws `SQLite::Exception`.
int apply_migrations(connection &database, timestamp now);

} // namespace sluice::db::sqlite
