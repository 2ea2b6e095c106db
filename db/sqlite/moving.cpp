#include "db/sqlite/moving.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <SQLiteCpp/Exception.h>

#include "db/sqlite/delivery_queries.hpp"
#include "db/sqlite/errors.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/lane_walk.hpp"
#include "db/sqlite/moving_queries.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// Each statement looks anew at the queue, and a trigger may have changed it.
void require(bool is_as_before) {
  if (!is_as_before)
    throw refusal(errc::rejected, "the queue changed while it was moved");
}

/// What the ledger gets of the items that were moved.
class moved_items {
public:
  explicit moved_items(connection &database) : database_(database) {}

  /// The current row: whose item it was, and which node's.
  void add(statement_loan &row) { add(row.text_view(0), row.text_view(1)); }

  void add(std::string_view owner, std::string_view node) {
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

/// Moves single items of a claim: in runs, each under a savepoint, because a
/// savepoint for each item takes longer than the item. A run that is refused is
/// cut into five, until the bad item stands alone.
///
/// In 3.40.1 a page that is written twice for want of memory within a savepoint
/// leaves a mark that ROLLBACK TO does not take back (wal.c: `iReCksum` in
/// sqlite3WalSavepointUndo); frames from there on get no checksum, and a crash
/// would lose them and all that was committed later. That takes a run with
/// more pages than the cache has: at 32 MiB twice the largest payload. Several
/// items make a run only while they are far below that.
class item_mover {
public:
  item_mover(connection &database, claim_id fence, timestamp now)
      : database_(database), fence_(fence.to_string()), now_(now),
        moved_(database) {}

  /// Looks up those that are there.
  void find(std::span<const event_id> ids) {
    auto query = database_.statement(sql::claimed_item);
    query.bind(1, fence_);
    for (const auto &id : ids) {
      query.bind(2, id);
      if (query.next()) {
        auto owner = query.text(1);
        const auto weight = query.number(3) + weight_of_deliveries(owner);
        items_.push_back(
            {query.number(0), id, std::move(owner), query.text(2), weight});
      }
      query->reset();
    }
    std::ranges::sort(items_, {}, &item::row);
    const auto is_twice = [](auto &one, auto &next) {
      return one.row == next.row;
    };
    items_.erase(std::unique(items_.begin(), items_.end(), is_twice),
                 items_.end());
  }

  move_outcome move() {
    for (std::span<const item> left = items_; !left.empty();) {
      const auto run = left.first(length_of_run(left));
      move(run);
      left = left.subspan(run.size());
    }
    outcome_.moved = moved_.book(now_);
    return std::move(outcome_);
  }

private:
  struct item {
    std::int64_t row;
    event_id id;
    std::string owner;
    std::string node;
    /// How many bytes it may put into the page cache, about.
    std::int64_t weight;
  };

  /// Each delivery may be written to pages of its endpoint alone.
  std::int64_t weight_of_deliveries(const std::string &owner) {
    constexpr std::int64_t bytes_each = 8192;
    if (owner != weighed_) {
      auto query = database_.statement(sql::count_endpoints);
      query.bind(1, owner).next();
      // And one to the inbox.
      weight_ = (query.number(0) + 1) * bytes_each;
      weighed_ = owner;
    }
    return weight_;
  }

  static std::size_t length_of_run(std::span<const item> items) {
    constexpr std::size_t most = 50;
    constexpr std::int64_t heaviest = std::int64_t{4} << 20;
    std::size_t length = 1;
    auto weight = items[0].weight;
    while (length < std::min(most, items.size()) &&
           (weight += items[length].weight) <= heaviest)
      ++length;
    return length;
  }

  // Calls itself three times at the most, one in the other: 50, 10, 2, 1.
  void move(std::span<const item> run) {
    auto refusal = try_to_move(run);
    if (!refusal) {
      for (const auto &one : run)
        moved_.add(one.owner, one.node);
    } else if (run.size() == 1) {
      outcome_.refused.push_back({run[0].id, std::move(*refusal)});
    } else {
      const auto part = std::max<std::size_t>(1, run.size() / 5);
      for (auto left = run; !left.empty();) {
        const auto next = left.first(std::min(part, left.size()));
        move(next);
        left = left.subspan(next.size());
      }
    }
  }

  /// Why the database does not take it; nothing when it was moved.
  std::optional<std::string> try_to_move(std::span<const item> run) {
    database_.statement(sql::begin_run).run();
    std::optional<std::string> why_not;
    try {
      move_rows(run);
    } catch (const std::exception &cause) {
      auto why = describe("move", cause);
      // A trigger may have rolled back everything: RAISE(ROLLBACK).
      if (why.code != errc::rejected || !database_.is_in_transaction())
        throw;
      database_.statement(sql::undo_run).run();
      why_not = std::move(why.text);
    }
    database_.statement(sql::keep_run).run();
    return why_not;
  }

  void move_rows(std::span<const item> run) {
    std::string rows;
    for (const auto &one : run)
      rows += (rows.empty() ? '[' : ',') + std::to_string(one.row);
    rows += ']';
    const auto all = std::ssize(run);
    require(change(sql::store_events_of_run, rows) == all);
    change(sql::store_deliveries_of_run, rows);
    auto gone = database_.statement(sql::delete_run);
    require(gone.bind(1, rows).bind(2, fence_).run() == all);
  }

  int change(const char *sql, const std::string &rows) {
    auto query = database_.statement(sql);
    return query.bind(1, now_).bind(2, fence_).bind(3, rows).run();
  }

  connection &database_;
  std::string fence_;
  timestamp now_;
  std::vector<item> items_;
  std::string weighed_;
  std::int64_t weight_ = 0;
  moved_items moved_;
  move_outcome outcome_;
};

/// Which rows of the queue are meant: how many, and the sum of where they are.
struct due_rows {
  std::int64_t count = 0;
  std::int64_t sum = 0;

  void add(std::int64_t row) {
    constexpr std::int64_t modulus = std::int64_t{1} << 32;
    ++count;
    sum += row % modulus;
  }
  bool operator==(const due_rows &) const = default;
};

/// Moves what is due, lane by lane.
class due_mover {
public:
  due_mover(connection &database, node_id node, timestamp now)
      : database_(database), node_(node.to_string()), now_(now),
        moved_(database) {}

  /// Up to so many of one lane; returns how many.
  int take(int lane, int wanted) {
    const auto rows = list(lane, wanted);
    const auto taken = static_cast<int>(rows.count);
    if (taken == 0)
      return 0;
    if (taken == std::ssize(items_))
      database_.statement(sql::next_position).run();
    require(run(sql::store_due_events, lane, taken) == taken);
    run(sql::store_due_deliveries, lane, taken);
    require(count(lane, taken) == rows);
    require(run(sql::delete_due, lane, taken) == taken);
    return taken;
  }

  /// Writes the ledger, and tells what was taken.
  std::vector<claimed_item> close() {
    moved_.book(now_);
    return std::move(items_);
  }

private:
  due_rows list(int lane, int wanted) {
    due_rows found;
    auto rows = database_.statement(sql::due_items);
    bind(rows, lane, wanted);
    while (rows.next()) {
      const auto owner = rows.text_view(2);
      // Most neighbours are of one organization.
      if (owner != owner_text_) {
        owner_text_ = owner;
        owner_ = organization_id(rows.id(2));
      }
      moved_.add(owner, node_);
      items_.push_back(
          {event_id(rows.id(0)), static_cast<int>(rows.number(1)), owner_});
      found.add(rows.number(3));
    }
    return found;
  }

  due_rows count(int lane, int most) {
    auto query = database_.statement(sql::count_due);
    bind(query, lane, most).next();
    return {query.number(0), query.number(1)};
  }

  int run(const char *sql, int lane, int most) {
    auto query = database_.statement(sql);
    return bind(query, lane, most).run();
  }

  statement_loan &bind(statement_loan &query, int lane, int most) {
    query.bind(1, now_).bind(2, std::int64_t{lane});
    return query.bind(3, std::int64_t{most});
  }

  connection &database_;
  std::string node_;
  timestamp now_;
  moved_items moved_;
  std::vector<claimed_item> items_;
  std::string owner_text_;
  organization_id owner_{};
};

} // namespace

int move(connection &database, claim_id fence, timestamp now) {
  database.statement(sql::next_position).run();
  const auto stored =
      database.statement(sql::store_events).bind(1, now).bind(2, fence).run();
  database.statement(sql::store_deliveries).bind(1, now).bind(2, fence).run();
  moved_items moved(database);
  auto items = database.statement(sql::moved_items);
  items.bind(1, fence);
  while (items.next())
    moved.add(items);
  items->reset();
  const auto gone = database.statement(sql::delete_moved).bind(1, fence).run();
  const auto booked = moved.book(now);
  require(stored == booked && gone == booked);
  return booked;
}

move_outcome move_each(connection &database, claim_id fence,
                       std::span<const event_id> ids, timestamp now) {
  database.statement(sql::next_position).run();
  item_mover work(database, fence, now);
  work.find(ids);
  auto outcome = work.move();
  outcome.lost =
      static_cast<int>(ids.size() - outcome.refused.size()) - outcome.moved;
  return outcome;
}

due_outcome move_due(connection &database, const due_request &request,
                     timestamp now) {
  due_outcome outcome{{}, is_claiming_paused(database)};
  if (outcome.is_paused || request.limit <= 0)
    return outcome;
  due_mover work(database, request.node, now);
  const auto lot = uuid::generate_v4().bytes().back() / 256.0;
  walk_lanes(database, now, request.limit, lot,
             [&](int lane, int wanted) { return work.take(lane, wanted); });
  outcome.moved = work.close();
  return outcome;
}

} // namespace sluice::db::sqlite
