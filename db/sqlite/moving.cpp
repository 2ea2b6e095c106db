#include "db/sqlite/moving.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <SQLiteCpp/Exception.h>

#include "db/sqlite/errors.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// What the ledger gets of the items that were moved.
class moved_items {
public:
  explicit moved_items(connection &database) : database_(database) {}

  /// The current row: whose item it was, and which node's.
  void add(statement_loan &row) {
    std::pair key(row.text(0), row.text(1));
    // Most claims are of one organization.
    if (sums_.empty() || sums_.back().first != key)
      sums_.emplace_back(std::move(key), 0);
    ++sums_.back().second;
  }

  /// Writes it; returns how many there were.
  int book(timestamp now) {
    std::map<std::pair<std::string, std::string>, std::int64_t> sums;
    for (const auto &[key, count] : sums_)
      sums[key] += count;
    std::int64_t all = 0;
    auto query = database_.statement(sql::add_to_ledger);
    for (const auto &[key, count] : sums) {
      query.bind(1, now).bind(2, key.second).bind(3, "stored");
      query.bind(4, count).bind(5, key.first).bind_null(6).run();
      all += count;
    }
    return static_cast<int>(all);
  }

private:
  connection &database_;
  std::vector<std::pair<std::pair<std::string, std::string>, std::int64_t>>
      sums_;
};

/// Moves single items of a claim, each under a savepoint.
class item_mover {
public:
  item_mover(connection &database, claim_id fence, timestamp now)
      : fence_(fence.to_string()), now_(now),
        begin_(database.statement(sql::begin_item)),
        event_(database.statement(sql::store_event)),
        deliveries_(database.statement(sql::store_deliveries_of_event)),
        delete_(database.statement(sql::delete_moved_item)),
        keep_(database.statement(sql::keep_item)),
        undo_(database.statement(sql::undo_item)) {}

  /// Why the database does not take it; nothing when it was moved, or was not
  /// there.
  std::optional<std::string> move(event_id id, moved_items &moved) {
    begin_.run();
    std::optional<std::string> refusal;
    try {
      event_.bind(1, now_).bind(2, fence_).bind(3, id).run();
      deliveries_.bind(1, now_).bind(2, fence_).bind(3, id).run();
      delete_.bind(1, fence_).bind(2, id);
      if (delete_.next())
        moved.add(delete_);
      delete_->reset();
    } catch (const SQLite::Exception &cause) {
      auto why = describe("move", cause);
      if (why.code != errc::rejected)
        throw;
      event_->tryReset();
      deliveries_->tryReset();
      delete_->tryReset();
      undo_.run();
      refusal = std::move(why.text);
    }
    keep_.run();
    return refusal;
  }

private:
  std::string fence_;
  timestamp now_;
  statement_loan begin_;
  statement_loan event_;
  statement_loan deliveries_;
  statement_loan delete_;
  statement_loan keep_;
  statement_loan undo_;
};

} // namespace

int move(connection &database, claim_id fence, timestamp now) {
  database.statement(sql::next_position).run();
  database.statement(sql::store_events).bind(1, now).bind(2, fence).run();
  database.statement(sql::store_deliveries).bind(1, now).bind(2, fence).run();
  moved_items moved(database);
  auto query = database.statement(sql::delete_moved);
  query.bind(1, fence);
  while (query.next())
    moved.add(query);
  return moved.book(now);
}

move_outcome move_each(connection &database, claim_id fence,
                       std::span<const event_id> ids, timestamp now) {
  move_outcome outcome;
  database.statement(sql::next_position).run();
  moved_items moved(database);
  item_mover one(database, fence, now);
  for (const auto &id : ids) {
    auto reason = one.move(id, moved);
    if (reason)
      outcome.refused.push_back({id, std::move(*reason)});
  }
  outcome.moved = moved.book(now);
  outcome.lost =
      static_cast<int>(ids.size() - outcome.refused.size()) - outcome.moved;
  return outcome;
}

} // namespace sluice::db::sqlite
