#include "db/sqlite/overrides.hpp"

#include <string>

#include "db/sqlite/booking.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr char version_of_overrides[] =
    "SELECT version FROM control WHERE key = 'settings.version'";
constexpr char put_version_of_overrides[] =
    "INSERT INTO control (key, value, version, updated_at)"
    " VALUES ('settings.version', ?1, ?1, ?2) ON CONFLICT (key) DO UPDATE SET"
    " value = excluded.value, version = excluded.version,"
    " updated_at = excluded.updated_at";
constexpr char all_overrides[] =
    "SELECT key, value, changed_by, reason, changed_at FROM setting_overrides"
    " ORDER BY key";
constexpr char put_override[] =
    "INSERT INTO setting_overrides (key, value, changed_by, reason, changed_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (key) DO UPDATE SET"
    " value = excluded.value, changed_by = excluded.changed_by,"
    " reason = excluded.reason, changed_at = excluded.changed_at";
constexpr char drop_override[] = "DELETE FROM setting_overrides WHERE key = ?1";

} // namespace

std::int64_t overrides_version(connection &database) {
  auto query = database.statement(version_of_overrides);
  return query.next() ? query.number(0) : 0;
}

setting_overrides overrides(connection &database) {
  setting_overrides all{overrides_version(database), {}};
  auto query = database.statement(all_overrides);
  while (query.next())
    all.list.push_back({query.text(0), query.text(1), query.text(2),
                        query.text(3), query.time(4)});
  return all;
}

std::optional<setting_overrides> change_overrides(connection &database,
                                                  const override_change &change,
                                                  timestamp now) {
  auto version = overrides_version(database);
  if (change.expected_version.value_or(version) != version)
    return std::nullopt;
  auto actor = one_line(change.actor);
  auto reason = one_line(change.reason);
  auto drop = database.statement(drop_override);
  for (const auto &key : change.unset)
    drop.bind(1, key).run();
  auto put = database.statement(put_override);
  for (const auto &[key, value] : change.set)
    put.bind(1, key)
        .bind(2, value)
        .bind(3, actor)
        .bind(4, reason)
        .bind(5, now)
        .run();
  database.statement(put_version_of_overrides)
      .bind(1, version + 1)
      .bind(2, now)
      .run();
  audit(database,
        {actor, "settings", keys_of(change), reason,
         describe(change) + " version=" + std::to_string(version + 1)},
        now);
  return overrides(database);
}

} // namespace sluice::db::sqlite
