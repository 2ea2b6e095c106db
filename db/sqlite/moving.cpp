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
    auto owner = row.text_view(0);
    auto node = row.text_view(1);
    // Most claims are of one organization.
    if (stretches_.empty() || stretches_.back().owner != owner ||
        stretches_.back().node != node)
      stretches_.push_back({std::string(owner), std::string(node), 0});
    ++stretches_.back().count;
  }

  /// Writes it; returns how many there were.
  int book(timestamp now) {
    std::map<std::pair<std::string, std::string>, std::int64_t> sums;
    for (auto &one : stretches_)
      sums[{std::move(one.owner), std::move(one.node)}] += one.count;
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
  /// Neighbours that have all this in common.
  struct stretch {
    std::string owner;
    std::string node;
    std::int64_t count;
  };

  connection &database_;
  std::vector<stretch> stretches_;
};

/// Moves single items of a claim, each under a savepoint.
///
/// In 3.40.1 a page that is written twice for want of memory within a savepoint
/// leaves a mark that ROLLBACK TO does not take back (wal.c: `iReCksum` in
/// sqlite3WalSavepointUndo); frames from there on get no checksum, and a crash
/// would lose them and all that was committed later. That takes an item with
/// more pages than the cache has: at 32 MiB twice the largest payload.
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
  auto items = database.statement(sql::moved_items);
  items.bind(1, fence);
  while (items.next())
    moved.add(items);
  items->reset();
  database.statement(sql::delete_moved).bind(1, fence).run();
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
