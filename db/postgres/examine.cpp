#include <algorithm>

#include "db/postgres/connection_string.hpp"
#include "db/postgres/migrations.hpp"
#include "db/postgres/open.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Without the connection that asks.
constexpr char grouped_connections[] = R"sql(
SELECT coalesce(state, 'unknown'),
  coalesce(wait_event_type || ': ' || wait_event, ''), count(*)
FROM pg_stat_activity
WHERE application_name = 'sluice' AND datname = current_database()
  AND pid <> pg_backend_pid()
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2)sql";
// The server's folder is shown to few, and means nothing on another machine.
constexpr char server_state[] = R"sql(
SELECT
  (SELECT count(*) FROM pg_stat_activity
   WHERE backend_type = 'client backend'),
  current_setting('max_connections')::bigint,
  (SELECT (extract(epoch FROM max(clock_timestamp() - xact_start))
     * 1000)::bigint
   FROM pg_stat_activity
   WHERE application_name = 'sluice' AND datname = current_database()
     AND pid <> pg_backend_pid()),
  pg_database_size(current_database()),
  CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'member')
      AND coalesce(inet_server_addr() <<= '127.0.0.0/8'::inet
        OR inet_server_addr() = '::1'::inet, true)
    THEN current_setting('data_directory') ELSE '' END,
  split_part(current_setting('server_version'), ' ', 1))sql";
constexpr char clock_of_server[] =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

microseconds since(steady_clock::time_point begin) {
  return duration_cast<microseconds>(steady_clock::now() - begin);
}

void read_server(pqxx::nontransaction &transaction, store_facts &out) {
  const auto row = transaction.exec1(sql::inspect_server);
  out.version_number = row[0].as<long>();
  out.postgres->is_standby = row[1].as<bool>();
  out.schema.known = known_version();
  if (row[3].as<bool>())
    out.schema.found = transaction.exec1(sql::latest_migration)[0].as<int>();
  constexpr std::pair<int, const char *> switches[] = {
      {4, "fsync"}, {5, "full_page_writes"}, {6, "synchronous_commit"}};
  for (const auto &[column, name] : switches)
    if (row[column].c_str() == std::string_view("off"))
      out.postgres->unsafe_settings.emplace_back(name);
}

void read_state(pqxx::nontransaction &transaction, store_facts &out) {
  for (const auto &row : transaction.exec(grouped_connections))
    out.postgres->connections.push_back({.state = row[0].c_str(),
                                         .waits_for = row[1].c_str(),
                                         .count = row[2].as<long>()});
  const auto row = transaction.exec1(server_state);
  out.postgres->connections_used = row[0].as<long>();
  out.postgres->connections_most = row[1].as<long>();
  if (!row[2].is_null())
    out.postgres->longest_transaction = milliseconds(row[2].as<long>());
  out.postgres->database_bytes = row[3].as<long long>();
  out.postgres->data_folder = row[4].c_str();
  out.version = row[5].c_str();
}

/// The answer came from the middle of the time that it took, or near it.
void compare_clocks(pqxx::nontransaction &transaction, store_facts &out) {
  constexpr int looks = 3;
  out.round_trip = microseconds::max();
  for (int look = 0; look < looks; ++look) {
    const auto begin = steady_clock::now();
    const auto before = system_now();
    const auto there = timestamp(
        microseconds(transaction.exec1(clock_of_server)[0].as<long long>()));
    const auto took = since(begin);
    if (took >= out.round_trip)
      continue;
    out.round_trip = took;
    out.clock_ahead = duration_cast<microseconds>(there - before) - took / 2;
  }
}

result<table_facts> read_tables(store &from, const depth_request &depth) {
  table_facts out;
  auto counted = from.depth(depth);
  if (!counted)
    return tl::unexpected(std::move(counted.error()));
  out.depth = *counted;
  auto verdict = from.last_verdict();
  if (!verdict)
    return tl::unexpected(std::move(verdict.error()));
  out.verdict = *verdict;
  auto nodes = from.nodes();
  if (!nodes)
    return tl::unexpected(std::move(nodes.error()));
  out.nodes = std::move(*nodes);
  return out;
}

result<store_facts> look_through(std::unique_ptr<session> connected,
                                 const depth_request &depth, store_facts out) {
  out.postgres.emplace();
  auto done =
      connected->look("examine", [&](pqxx::nontransaction &transaction) {
        read_server(transaction, out);
        read_state(transaction, out);
        compare_clocks(transaction, out);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  if (!out.schema.is_current())
    return out;
  postgres_store tables(std::move(connected));
  auto seen = read_tables(tables, depth);
  if (!seen)
    return tl::unexpected(std::move(seen.error()));
  out.tables = std::move(*seen);
  return out;
}

result<store_facts> examine(const store_options &options,
                            const depth_request &depth) {
  session::settings how;
  how.url = complete_url(options.url, options.connect_timeout);
  how.call_timeout = options.call_timeout;
  how.clock = options.clock;
  store_facts out;
  out.engine = "postgresql";
  out.place = public_url(options.url);
  const auto begin = steady_clock::now();
  try {
    auto connected =
        std::make_unique<session>(std::move(how), std::make_shared<watchdog>());
    out.connect_time = since(begin);
    return look_through(std::move(connected), depth, std::move(out));
  } catch (const std::exception &problem) {
    return fail(errc::unavailable,
                "examine: " +
                    public_connect_error(problem.what(), options.url));
  }
}

} // namespace

} // namespace sluice::db::postgres

namespace sluice::db {

result<store_facts> examine_postgres(const store_options &options,
                                     const depth_request &depth) {
  if (!postgres::is_postgres_url(options.url))
    return fail(errc::unavailable,
                "examine: the store's URL does not begin with postgresql://");
  return postgres::examine(options, depth);
}

} // namespace sluice::db
