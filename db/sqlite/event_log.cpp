#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "db/model/log_reading.hpp"
#include "db/sqlite/pull_queries.hpp"
#include "db/sqlite/pulls.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr std::size_t row_bytes = 8;

/// A row number as the second half of a position.
uuid pack_row(std::int64_t row) {
  uuid::bytes_type bytes{};
  auto bits = static_cast<std::uint64_t>(row);
  for (auto at = bytes.size(); at > row_bytes; bits >>= 8U)
    bytes.at(--at) = static_cast<std::uint8_t>(bits & 0xFFU);
  return uuid(bytes);
}

std::int64_t unpack_row(const uuid &within) {
  std::uint64_t bits = 0;
  for (auto at = row_bytes; at < within.bytes().size(); ++at)
    bits = bits << 8U | within.bytes().at(at);
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(
      std::min(bits, static_cast<std::uint64_t>(most)));
}

/// Behind the newest row that a transaction can have.
log_position end_of(std::int64_t commit) {
  return {static_cast<std::uint64_t>(commit),
          pack_row(std::numeric_limits<std::int64_t>::max())};
}

/// One page on its way through the log.
class log_walk {
public:
  explicit log_walk(const log_query &query)
      : query_(query), looks_(log_looks(query)) {}

  /// Reads rows until the page is full; false when it is.
  bool read(statement_loan &rows) {
    while (rows.next()) {
      if (is_full() || looks_ == 0) {
        page_.has_more = true;
        return false;
      }
      --looks_;
      page_.reached = {static_cast<std::uint64_t>(rows.number(0)),
                       pack_row(rows.number(1))};
      auto stored_at = rows.time(4);
      if (is_asked_for(query_, rows.text_view(3), stored_at))
        take(rows, stored_at);
      else if (query_.newest_first && is_before_all(query_, stored_at))
        return false;
    }
    return true;
  }

  log_page take_page() { return std::move(page_); }
  log_page &page() { return page_; }

private:
  bool is_full() const {
    return static_cast<int>(page_.events.size()) >= query_.limit;
  }

  void take(statement_loan &row, timestamp stored_at) {
    auto &entry = page_.events.emplace_back();
    entry.position = page_.reached;
    entry.id = event_id(row.id(2));
    entry.type = row.text(3);
    entry.stored_at = stored_at;
    entry.payload = row.text(5);
    if (!row.is_null(6))
      entry.dedup_id = row.text(6);
    entry.accepted_at = row.time(7);
  }

  const log_query &query_;
  int looks_;
  log_page page_;
};

void bind_place(statement_loan &rows, const log_query &query,
                const log_position &from) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  rows.bind(1, query.organization);
  rows.bind(2, static_cast<std::int64_t>(
                   std::min(from.commit, static_cast<std::uint64_t>(most))));
}

/// False when the page was cut.
bool read_pages(connection &database, const log_query &query,
                const log_position &from, log_walk &walk) {
  const bool is_down = query.newest_first;
  auto rest = database.statement(is_down ? sql::beginning_of_commit
                                         : sql::rest_of_commit);
  bind_place(rest, query, from);
  rest.bind(3, unpack_row(from.within));
  if (!walk.read(rest))
    return false;
  auto others =
      database.statement(is_down ? sql::earlier_commits : sql::later_commits);
  bind_place(others, query, from);
  return walk.read(others);
}

} // namespace

log_page read_log(connection &database, const log_query &query) {
  auto last = database.statement(sql::last_position);
  const auto end = end_of(last.next() ? last.number(0) : 0);
  last->reset();
  log_walk walk(query);
  const auto from =
      query.from.value_or(query.newest_first ? end : log_position());
  walk.page().reached = from;
  if (query.limit > 0 && !read_pages(database, query, from, walk))
    return walk.take_page();
  // Whatever comes is written by a later transaction than all that was seen.
  if (!query.newest_first)
    walk.page().reached = std::max(walk.page().reached, end);
  return walk.take_page();
}

} // namespace sluice::db::sqlite
