#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "db/model/log_reading.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/pull_queries.hpp"

namespace sluice::db::postgres {

namespace {

constexpr log_position end_of_log() {
  uuid::bytes_type last{};
  for (auto &byte : last)
    byte = std::numeric_limits<std::uint8_t>::max();
  return {std::numeric_limits<std::uint64_t>::max(), uuid(last)};
}

std::uint64_t read_commit(const pqxx::field &field) {
  return field.as<std::uint64_t>();
}

log_entry read_logged(const pqxx::row &row) {
  log_entry entry;
  entry.id = event_id(read_uuid(row[2].c_str()));
  entry.position = {read_commit(row[1]), entry.id.value()};
  entry.stored_at = read_time(row[3].c_str());
  entry.type = row[4].as<std::string>();
  entry.payload = row[5].as<std::string>();
  if (!row[6].is_null())
    entry.dedup_id = row[6].as<std::string>();
  entry.accepted_at = read_time(row[7].c_str());
  return entry;
}

/// A page, and what the statement said of its looks.
class log_rows {
public:
  log_rows(const log_query &query, const log_position &from)
      : query_(query), from_(from) {}

  void read(const pqxx::result &rows) {
    for (const auto &row : rows) {
      switch (row[0].as<int>()) {
      case 0:
        final_below_ = {read_commit(row[1]), uuid()};
        looked_ = row[3].as<int>();
        break;
      case 1:
        edge_ = {read_commit(row[1]), read_uuid(row[2].c_str())};
        is_over_ = query_.newest_first &&
                   is_before_all(query_, read_time(row[3].c_str()));
        break;
      default:
        page_.events.push_back(read_logged(row));
      }
    }
  }

  log_page page() {
    const bool is_full = query_.limit > 0 &&
                         static_cast<int>(page_.events.size()) == query_.limit;
    const auto last = is_full ? page_.events.back().position : edge_;
    const bool is_cut =
        looked_ == log_looks(query_) || (is_full && last != edge_);
    page_.has_more = query_.limit > 0 && is_cut && !is_over_;
    if (looked_ > 0)
      page_.reached = last;
    else
      page_.reached = from_;
    // Whatever comes is written by a later transaction than all that was seen.
    if (!query_.newest_first && !page_.has_more)
      page_.reached = std::max(page_.reached, final_below_);
    return std::move(page_);
  }

private:
  const log_query &query_;
  log_position from_;
  log_position final_below_;
  log_position edge_;
  int looked_ = 0;
  bool is_over_ = false;
  log_page page_;
};

} // namespace

result<log_page> postgres_store::read_log(const log_query &query) {
  const auto from =
      query.from.value_or(query.newest_first ? end_of_log() : log_position());
  std::optional<std::string> type;
  std::optional<std::string> prefix;
  if (query.type) {
    const auto beginning = type_prefix(*query.type);
    if (beginning.empty())
      type = *query.type;
    else
      prefix = beginning;
  }
  std::optional<std::string> since;
  if (query.since)
    since = to_rfc3339(*query.since);
  log_rows found(query, from);
  auto done = session_->read(
      "read log",
      [&](pqxx::nontransaction &transaction) {
        found.read(transaction.exec_params(
            query.newest_first ? sql::read_log_down : sql::read_log_up,
            query.organization.to_string(), std::to_string(from.commit),
            from.within.to_string(), type, prefix, since, query.limit,
            query.limit > 0 ? log_looks(query) : 0));
      },
      session::planning::by_index);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found.page();
}

} // namespace sluice::db::postgres
