#include "db/sqlite/schema.hpp"

#include <filesystem>
#include <system_error>

#include "db/sqlite/errors.hpp"
#include "db/sqlite/migrations.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

void apply(connection &database, const migration &step, timestamp now) {
  database.execute("BEGIN IMMEDIATE");
  try {
    database.execute(step.sql);
    if (step.finish != nullptr)
      step.finish(database, now);
    database.statement(sql::record_migration)
        .bind(1, step.version)
        .bind(2, now)
        .run();
    database.execute("COMMIT");
  } catch (...) {
    if (database.is_in_transaction())
      database.execute("ROLLBACK");
    // A step may have set it, and a rollback does not take that back.
    database.execute("PRAGMA writable_schema=OFF");
    throw;
  }
}

} // namespace

int schema_version(connection &database) {
  if (database.ask(sql::has_migrations) == "0")
    return 0;
  return std::stoi(database.ask(sql::latest_migration));
}

int schema_version(const std::string &path) {
  std::error_code failure;
  if (!std::filesystem::exists(path, failure) && !failure)
    return 0;
  connection database(path, connection::access::read_only);
  return schema_version(database);
}

void require_not_newer(int found) {
  if (found > known_version())
    throw refusal(
        errc::schema,
        "the database has schema version " + std::to_string(found) +
            ", this program knows " + std::to_string(known_version()) +
            "; a newer sluice is needed for version " + std::to_string(found));
}

void require_known(int found) {
  require_not_newer(found);
  if (found == 0)
    throw refusal(errc::schema,
                  "the database has no schema yet; `sluice migrate up` "
                  "makes it");
  if (found < known_version())
    throw refusal(errc::schema, "the database has schema version " +
                                    std::to_string(found) +
                                    ", this program needs " +
                                    std::to_string(known_version()) +
                                    "; `sluice migrate up` brings it there");
}

int apply_migrations(connection &database, timestamp now) {
  int found = schema_version(database);
  require_not_newer(found);
  int applied = 0;
  for (const auto &step : migrations()) {
    if (step.version <= found)
      continue;
    apply(database, step, now);
    ++applied;
  }
  return applied;
}

} // namespace sluice::db::sqlite
