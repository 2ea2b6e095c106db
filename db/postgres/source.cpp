#include <algorithm>
#include <atomic>

#include <spdlog/spdlog.h>

#include "db/postgres/connection_string.hpp"
#include "db/postgres/functions.hpp"
#include "db/postgres/migrations.hpp"
#include "db/postgres/open.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db {

namespace {

using postgres::session;
using postgres::watchdog;

constexpr int oldest_server = 130000;
constexpr std::chrono::seconds migration_timeout{60};

/// What a fresh connection says of its server.
struct server_facts {
  int version = 0;
  bool is_in_recovery = false;
  std::string encoding;
  int schema = 0;
  /// Settings that let an acknowledged event be lost.
  std::string unsafe_settings;
};

int find_schema(pqxx::nontransaction &transaction, bool has_table) {
  if (!has_table)
    return 0;
  return transaction.exec1(postgres::sql::latest_migration)[0].as<int>();
}

server_facts inspect(pqxx::nontransaction &transaction) {
  auto row = transaction.exec1(postgres::sql::inspect_server);
  server_facts facts;
  facts.version = row[0].as<int>();
  facts.is_in_recovery = row[1].as<bool>();
  facts.encoding = row[2].c_str();
  facts.schema = find_schema(transaction, row[3].as<bool>());
  constexpr std::pair<int, const char *> switches[] = {
      {4, "fsync"}, {5, "full_page_writes"}, {6, "synchronous_commit"}};
  for (const auto &[column, name] : switches)
    if (row[column].c_str() == std::string_view("off"))
      facts.unsafe_settings.append(" ").append(name);
  return facts;
}

result<void> check_server(const server_facts &facts) {
  if (facts.version < oldest_server)
    return fail(errc::schema, "connect: PostgreSQL 13 or newer is needed, "
                              "this server is " +
                                  std::to_string(facts.version / 10000));
  if (facts.is_in_recovery)
    return fail(errc::unavailable,
                "connect: the server is a standby and takes no changes");
  if (facts.encoding != "UTF8" && facts.encoding != "SQL_ASCII")
    return fail(errc::schema, "connect: the database's encoding is " +
                                  facts.encoding + "; it must be UTF8");
  return {};
}

result<void> check_schema(int found) {
  auto known = postgres::known_version();
  if (found == known)
    return {};
  auto text = "connect: the schema has version " + std::to_string(found) +
              ", this program needs " + std::to_string(known);
  return fail(errc::schema, found < known ? text + "; run `sluice migrate up`"
                                          : text + "; run a newer sluice");
}

class postgres_source final : public store_source {
public:
  explicit postgres_source(const store_options &options)
      : options_(options), watchdog_(std::make_shared<watchdog>()) {}

  result<std::unique_ptr<store>> connect(purpose) override;
  result<schema_state> schema() override;
  result<int> migrate() override;
  std::string describe() const override {
    return postgres::public_url(options_.url);
  }

private:
  result<std::unique_ptr<session>>
  open_session(std::chrono::milliseconds call_timeout);
  result<server_facts> inspect_through(session &connected);
  result<bool> apply(session &connected, const postgres::migration &next);
  void warn_once(const server_facts &facts);

  store_options options_;
  std::shared_ptr<watchdog> watchdog_;
  std::atomic_flag has_warned_;
};

result<std::unique_ptr<session>>
postgres_source::open_session(std::chrono::milliseconds call_timeout) {
  session::settings how;
  how.url = postgres::complete_url(options_.url, options_.connect_timeout);
  how.call_timeout = call_timeout;
  how.clock = options_.clock;
  try {
    return std::make_unique<session>(std::move(how), watchdog_);
  } catch (const std::exception &problem) {
    return fail(errc::unavailable,
                "connect: " + postgres::public_connect_error(problem.what(),
                                                             options_.url));
  }
}

result<server_facts> postgres_source::inspect_through(session &connected) {
  server_facts facts;
  auto done = connected.look("connect", [&](pqxx::nontransaction &transaction) {
    facts = inspect(transaction);
  });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  if (auto fit = check_server(facts); !fit)
    return tl::unexpected(std::move(fit.error()));
  return facts;
}

void postgres_source::warn_once(const server_facts &facts) {
  if (!facts.unsafe_settings.empty() && !has_warned_.test_and_set())
    spdlog::warn("{} can lose acknowledged events in a crash; these settings "
                 "are off:{}",
                 describe(), facts.unsafe_settings);
}

result<std::unique_ptr<store>> postgres_source::connect(purpose) {
  auto connected = open_session(options_.call_timeout);
  if (!connected)
    return tl::unexpected(std::move(connected.error()));
  auto facts = inspect_through(**connected);
  if (!facts)
    return tl::unexpected(std::move(facts.error()));
  if (auto fit = check_schema(facts->schema); !fit)
    return tl::unexpected(std::move(fit.error()));
  warn_once(*facts);
  return std::make_unique<postgres::postgres_store>(std::move(*connected));
}

result<schema_state> postgres_source::schema() {
  auto connected = open_session(options_.call_timeout);
  if (!connected)
    return tl::unexpected(std::move(connected.error()));
  auto facts = inspect_through(**connected);
  if (!facts)
    return tl::unexpected(std::move(facts.error()));
  return schema_state{facts->schema, postgres::known_version()};
}

result<int> postgres_source::migrate() {
  auto connected = open_session(std::max<std::chrono::milliseconds>(
      options_.call_timeout, migration_timeout));
  if (!connected)
    return tl::unexpected(std::move(connected.error()));
  auto facts = inspect_through(**connected);
  if (!facts)
    return tl::unexpected(std::move(facts.error()));
  if (facts->schema > postgres::known_version())
    return tl::unexpected(std::move(check_schema(facts->schema).error()));
  auto applied = 0;
  for (const auto &next : postgres::migrations()) {
    if (next.version <= facts->schema)
      continue;
    auto done = apply(**connected, next);
    if (!done)
      return tl::unexpected(std::move(done.error()));
    applied += *done ? 1 : 0;
  }
  return applied;
}

/// Applies one migration unless another node has done so meanwhile.
result<bool> postgres_source::apply(session &connected,
                                    const postgres::migration &next) {
  auto is_applied = false;
  auto done = connected.write(
      "migrate", [] { return postgres::doubt(); },
      [&](pqxx::nontransaction &transaction) {
        transaction.exec(postgres::sql::lock_migrations);
        transaction.exec(postgres::sql::create_migrations);
        auto found = find_schema(transaction, true);
        if (found >= next.version)
          return;
        transaction.exec(next.statements);
        transaction.exec(postgres::functions());
        transaction.exec_params(postgres::sql::record_migration, next.version);
        is_applied = true;
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return is_applied;
}

} // namespace

result<std::shared_ptr<store_source>>
open_postgres(const store_options &options) {
  if (!postgres::is_postgres_url(options.url))
    return fail(errc::unavailable,
                "open: the store's URL does not begin with postgresql://");
  return std::make_shared<postgres_source>(options);
}

} // namespace sluice::db
