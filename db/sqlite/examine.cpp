#include <algorithm>
#include <filesystem>

#include <sqlite3.h>

#include "db/sqlite/errors.hpp"
#include "db/sqlite/housekeeping.hpp"
#include "db/sqlite/migrations.hpp"
#include "db/sqlite/open.hpp"
#include "db/sqlite/process_lock.hpp"
#include "db/sqlite/queue.hpp"
#include "db/sqlite/schema.hpp"

namespace sluice::db::sqlite {

namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using std::chrono::steady_clock;

std::int64_t size_of(const std::string &path) {
  std::error_code failure;
  const auto size = fs::file_size(path, failure);
  return failure ? 0 : static_cast<std::int64_t>(size);
}

microseconds since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<microseconds>(steady_clock::now() - begin);
}

sqlite_facts look_at_file(connection &database, const std::string &path) {
  sqlite_facts out;
  out.file = path;
  out.database_bytes = size_of(path);
  out.wal_bytes = size_of(path + "-wal");
  out.pages = std::stoll(database.ask("PRAGMA page_count"));
  out.free_pages = std::stoll(database.ask("PRAGMA freelist_count"));
  out.journal_mode = database.ask("PRAGMA journal_mode");
  out.holder = holder_of_lock(path);
  return out;
}

microseconds fastest_look(connection &database) {
  constexpr int looks = 3;
  auto best = microseconds::max();
  for (int look = 0; look < looks; ++look) {
    const auto begin = steady_clock::now();
    schema_version(database);
    best = std::min(best, since(begin));
  }
  return best;
}

table_facts look_at_tables(connection &database, const depth_request &depth,
                           timestamp now) {
  database.execute("BEGIN");
  table_facts out{.depth = sqlite::depth(database, depth, now),
                  .verdict = sqlite::last_verdict(database, now),
                  .nodes = sqlite::nodes(database, now)};
  database.execute("COMMIT");
  return out;
}

store_facts look_at(const std::string &path, const store_options &options,
                    const depth_request &depth) {
  store_facts out;
  const auto begin = steady_clock::now();
  connection database(path, connection::access::read_only);
  database.set_deadline(begin + options.call_timeout);
  out.schema = {schema_version(database), known_version()};
  out.connect_time = since(begin);
  out.engine = "sqlite";
  out.version = sqlite3_libversion();
  out.version_number = sqlite3_libversion_number();
  out.place = options.url;
  out.round_trip = fastest_look(database);
  out.sqlite = look_at_file(database, path);
  if (out.schema.is_current())
    out.tables = look_at_tables(database, depth,
                                options.clock ? options.clock() : system_now());
  return out;
}

/// Where the file is, by the name by which its lock is known; empty when there
/// is none.
fs::path file_of(std::string_view url) {
  constexpr std::string_view scheme = "sqlite:";
  url.remove_prefix(url.starts_with(scheme) ? scheme.size() : 0);
  if (url.empty())
    return {};
  std::error_code failure;
  auto path = fs::weakly_canonical(fs::absolute(url, failure), failure);
  return !failure && fs::is_regular_file(path, failure) ? path : fs::path();
}

result<store_facts> examine(const store_options &options,
                            const depth_request &depth) {
  const auto path = file_of(options.url);
  if (path.empty())
    return fail(errc::unavailable, "examine: there is no file " + options.url);
  try {
    return look_at(path.string(), options, depth);
  } catch (const std::exception &cause) {
    return tl::unexpected(describe("examine", cause));
  }
}

} // namespace

} // namespace sluice::db::sqlite

namespace sluice::db {

result<store_facts> examine_sqlite(const store_options &options,
                                   const depth_request &depth) {
  return sqlite::examine(options, depth);
}

} // namespace sluice::db
