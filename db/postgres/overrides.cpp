#include "db/postgres/audit.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

// One row at least: the version.
constexpr char all_overrides[] = R"sql(
SELECT coalesce((SELECT version FROM control WHERE key = 'settings.version'),
    0), o.key, o.value, o.changed_by, o.reason,
  (extract(epoch FROM o.changed_at) * 1000000)::bigint
FROM (SELECT) AS once LEFT JOIN setting_overrides o ON true
ORDER BY o.key COLLATE "C")sql";
// Whoever comes second waits here, and then sees another version.
constexpr char turn_version_of_overrides[] = R"sql(
INSERT INTO control AS held (key, value, version, updated_at)
VALUES ('settings.version', '1', 1,
  coalesce($2::timestamptz, statement_timestamp()))
ON CONFLICT (key) DO UPDATE SET value = (held.version + 1)::text,
  version = held.version + 1, updated_at = excluded.updated_at
WHERE $1::bigint IS NULL OR held.version = $1::bigint
RETURNING version)sql";
constexpr char drop_overrides[] =
    "DELETE FROM setting_overrides WHERE key = ANY ($1::text[])";
constexpr char put_override[] = R"sql(
INSERT INTO setting_overrides (key, value, changed_by, reason, changed_at)
VALUES ($1::text, $2::text, $3::text, $4::text,
  coalesce($5::timestamptz, statement_timestamp()))
ON CONFLICT (key) DO UPDATE SET value = excluded.value,
  changed_by = excluded.changed_by, reason = excluded.reason,
  changed_at = excluded.changed_at)sql";

setting_overrides read_overrides(pqxx::nontransaction &transaction) {
  setting_overrides all;
  auto rows = transaction.exec(all_overrides);
  for (const auto &row : rows) {
    all.version = row[0].as<std::int64_t>();
    if (!row[1].is_null())
      all.list.push_back({row[1].c_str(), row[2].c_str(), row[3].c_str(),
                          row[4].c_str(), read_time(row[5].c_str())});
  }
  return all;
}

} // namespace

result<setting_overrides> postgres_store::overrides() {
  setting_overrides all;
  auto done =
      session_->look("overrides", [&](pqxx::nontransaction &transaction) {
        all = read_overrides(transaction);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return all;
}

result<std::optional<setting_overrides>>
postgres_store::change_overrides(const override_change &change) {
  act by(change.actor, change.reason);
  std::optional<setting_overrides> changed;
  auto work = [&](pqxx::nontransaction &transaction) {
    auto now = session_->now();
    auto expected =
        change.expected_version
            ? std::optional(std::to_string(*change.expected_version))
            : std::nullopt;
    auto turned =
        transaction.exec_params(turn_version_of_overrides, expected, now);
    if (turned.empty())
      return;
    auto keys = array_of(change.unset, [](std::string &array, const auto &key) {
      append_quoted(array, key);
    });
    transaction.exec_params(drop_overrides, keys);
    for (const auto &[key, value] : change.set)
      transaction.exec_params(put_override, parameter(key), parameter(value),
                              by.actor(), by.reason(), now);
    by.record(transaction, "settings", keys_of(change),
              db::describe(change) + " version=" + turned[0][0].c_str(), now);
    changed = read_overrides(transaction);
  };
  auto done = session_->write(
      "change overrides", [&] { return by.describe(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return changed;
}

} // namespace sluice::db::postgres
