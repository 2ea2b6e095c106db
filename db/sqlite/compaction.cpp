#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "db/model/folding.hpp"
#include "db/model/gate_rows.hpp"
#include "db/model/pair_line.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/housekeeping.hpp"
#include "db/sqlite/housekeeping_queries.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

using id_bytes = uuid::bytes_type;
using id_list = std::vector<id_bytes>;

/// Kinds that ids come in by, in the order in which they are struck off.
constexpr const char *ways_in[] = {"accepted", "created", "opening", "adopted"};

/// An entry as it is, or in the making.
struct booked_entry {
  std::int64_t position = 0;
  timestamp at{};
  std::int64_t count = 0;
  /// Of the count, those whose ids are on neither side any more.
  std::int64_t settled = 0;
  std::int64_t first_position = 0;
  id_list ids;

  std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }

  void add(const booked_entry &other) {
    position = std::max(position, other.position);
    at = std::max(at, other.at);
    count += other.count;
    settled += other.settled;
    first_position = std::min(first_position, other.first_position);
    ids.insert(ids.end(), other.ids.begin(), other.ids.end());
  }
};

/// Whose, and of which kind; entries that stay alone have their position.
struct fold_key {
  std::string owner;
  std::string kind;
  std::int64_t alone = 0;

  auto operator<=>(const fold_key &) const = default;
};

/// What becomes one entry, and the positions that it is made of.
struct fold {
  booked_entry sum;
  std::vector<std::int64_t> positions;

  void add(const booked_entry &part) {
    if (positions.empty())
      sum = part;
    else
      sum.add(part);
    positions.push_back(part.position);
  }
};

id_list read_ids(statement_loan &row, int column) {
  auto blob = row->getColumn(column);
  auto size = static_cast<std::size_t>(blob.getBytes());
  id_list ids(size / sizeof(id_bytes));
  if (!ids.empty())
    std::memcpy(ids.data(), blob.getBlob(), ids.size() * sizeof(id_bytes));
  return ids;
}

/// Reads a row of `whole_entries`.
booked_entry read_entry(statement_loan &row) {
  return {.position = row.number(0),
          .at = row.time(1),
          .count = row.number(3),
          .settled = row.number(6),
          .first_position = row.number(7),
          .ids = read_ids(row, 5)};
}

/// Whether the row adds up, and is of a kind that is known.
bool is_sound(statement_loan &row) {
  auto kind = row.text_view(2);
  auto count = row.number(3);
  auto left = count - row.number(6);
  if (row.is_null(4) || count < 0 || left < 0)
    return false;
  if (is_number(kind))
    return row.is_null(5);
  auto bytes = std::int64_t{row->getColumn(5).getBytes()};
  return has_ids(kind) && count > 0 && !row.is_null(5) &&
         bytes == left * std::int64_t{sizeof(id_bytes)};
}

/// Takes from `ids` what is in `wanted`, and from `wanted` what was in `ids`;
/// both are sorted. Returns how many.
std::int64_t cancel(id_list &ids, id_list &wanted) {
  id_list rest;
  id_list still_wanted;
  std::set_difference(ids.begin(), ids.end(), wanted.begin(), wanted.end(),
                      std::back_inserter(rest));
  std::set_difference(wanted.begin(), wanted.end(), ids.begin(), ids.end(),
                      std::back_inserter(still_wanted));
  auto met = static_cast<std::int64_t>(ids.size() - rest.size());
  ids = std::move(rest);
  wanted = std::move(still_wanted);
  return met;
}

/// One call's work on the ledger.
class folding {
public:
  folding(connection &database, const compaction_request &request,
          timestamp now)
      : database_(database), request_(request), now_(now),
        folded_to_(read_number(control(folded_to_key)).value_or(0)) {}

  compaction_outcome run() {
    auto verdict = last_verdict(database_, now_);
    if (verdict && !verdict->is_balanced)
      return {};
    auto window = look_ahead();
    if (!window.is_worth_it())
      return {};
    if (window.is_write_off() && settle(window.last()))
      return {.folded = 0, .made = 0, .has_more = true};
    return fold_up_to(window);
  }

private:
  std::string control(std::string_view key) {
    std::string name(key);
    auto query = database_.statement(sql::find_control);
    return query.bind(1, name).next() ? query.text(0) : std::string();
  }

  /// A drain counts the entries behind its beginning.
  std::int64_t newest_allowed() {
    auto begun = drain_position(database_);
    return begun.value_or(std::numeric_limits<std::int64_t>::max());
  }

  folding_window look_ahead() {
    folding_window window(request_);
    auto rows = database_.statement(sql::entries_to_fold);
    rows.bind(1, folded_to_).bind(2, newest_allowed());
    rows.bind(3, now_ - request_.older_than);
    rows.bind(4, std::int64_t{request_.limit} + 1);
    while (rows.next())
      if (!window.take({.position = rows.number(0),
                        .kind = rows.text_view(1),
                        .count = rows.number(2),
                        .is_old = rows.number(3) != 0}))
        break;
    return window;
  }

  compaction_outcome fold_up_to(const folding_window &window) {
    compaction_outcome done{.has_more = window.has_more()};
    for (auto &[key, made] : gather(window.last())) {
      done.folded += static_cast<int>(made.positions.size());
      ++done.made;
      if (key.alone == 0)
        merge_neighbours(key, made);
      write(made);
    }
    std::string key(folded_to_key);
    auto value = std::to_string(window.last());
    database_.statement(sql::put_control)
        .bind(1, key)
        .bind(2, value)
        .bind(3, window.last())
        .bind(4, now_)
        .run();
    return done;
  }

  std::map<fold_key, fold> gather(std::int64_t last) {
    std::map<fold_key, fold> folds;
    auto rows = database_.statement(sql::whole_entries);
    rows.bind(1, folded_to_).bind(2, last);
    while (rows.next()) {
      if (!is_sound(rows))
        continue;
      auto entry = read_entry(rows);
      auto alone = entry.size() >= full_entry ? entry.position : 0;
      folds[{rows.text(4), rows.text(2), alone}].add(entry);
    }
    return folds;
  }

  void merge_neighbours(const fold_key &key, fold &made) {
    auto rows = database_.statement(sql::neighbours);
    rows.bind(1, key.owner).bind(2, key.kind).bind(3, folded_to_);
    rows.bind(4, std::int64_t{most_neighbours});
    while (rows.next()) {
      if (has_ids(key.kind) && !is_merged(rows.number(1), made.sum.size()))
        return;
      auto row = database_.statement(sql::whole_entry);
      if (!row.bind(1, rows.number(0)).next() || !is_sound(row))
        return;
      made.add(read_entry(row));
    }
  }

  void write(fold &made) {
    std::sort(made.sum.ids.begin(), made.sum.ids.end());
    auto drop = database_.statement(sql::drop_entry);
    for (auto position : made.positions)
      if (position != made.sum.position)
        drop.bind(1, position).run();
    write(made.sum, true);
  }

  /// The ids are sorted.
  void write(const booked_entry &entry, bool is_folded) {
    auto row = database_.statement(sql::write_folded);
    row.bind(1, entry.position).bind(2, entry.at).bind(3, entry.count);
    row.bind(5, entry.settled);
    for (auto column : {4, 6, 7, 8})
      row.bind_null(column);
    if (is_folded)
      row.bind(6, entry.first_position);
    auto is_list = !entry.ids.empty() || entry.settled > 0;
    if (is_list)
      row.bind_blob(4, entry.ids.empty() ? "" : bytes_of(entry.ids),
                    entry.ids.size() * sizeof(id_bytes));
    if (is_folded && !entry.ids.empty()) {
      row.bind_blob(7, entry.ids.front().data(), sizeof(id_bytes));
      row.bind_blob(8, entry.ids.back().data(), sizeof(id_bytes));
    }
    row.run();
  }

  static const void *bytes_of(const id_list &ids) { return ids.data(); }

  /// Strikes ids from a `written_off` and from where they came in; false
  /// when none was found.
  bool settle(std::int64_t position) {
    auto row = database_.statement(sql::whole_entry);
    if (!row.bind(1, position).next() || !is_sound(row))
      return false;
    auto owner = row.text(4);
    auto lost = read_entry(row);
    row->reset();
    std::sort(lost.ids.begin(), lost.ids.end());
    std::int64_t met = 0;
    for (auto holder : holders(owner, lost.ids))
      met += settle_in(holder, lost.ids);
    if (met == 0)
      return false;
    lost.settled += met;
    write(lost, false);
    return true;
  }

  /// Folded entries that may hold some of these ids.
  std::vector<std::int64_t> holders(const std::string &owner,
                                    const id_list &ids) {
    std::vector<std::int64_t> found;
    auto rows = database_.statement(sql::ranges_of_ids);
    for (const char *kind : ways_in) {
      rows.bind(1, owner).bind(2, kind).bind(3, folded_to_);
      while (found.size() < std::size_t{most_holders} && rows.next()) {
        auto first = read_ids(rows, 1);
        auto last = read_ids(rows, 2);
        if (first.empty() || last.empty())
          continue;
        auto at = std::lower_bound(ids.begin(), ids.end(), first[0]);
        if (at != ids.end() && *at <= last[0])
          found.push_back(rows.number(0));
      }
      rows->reset();
    }
    return found;
  }

  std::int64_t settle_in(std::int64_t holder, id_list &lost) {
    auto row = database_.statement(sql::whole_entry);
    if (!row.bind(1, holder).next() || !is_sound(row))
      return 0;
    auto entry = read_entry(row);
    row->reset();
    std::sort(entry.ids.begin(), entry.ids.end());
    auto met = cancel(entry.ids, lost);
    entry.settled += met;
    if (met > 0 && entry.ids.empty())
      join_emptied(row, entry);
    if (met > 0)
      write(entry, true);
    return met;
  }

  /// Entries that have no ids any more would be looked through for ever: the
  /// earlier neighbour becomes part of `entry` when both have none.
  void join_emptied(statement_loan &row, booked_entry &entry) {
    row.bind(1, entry.position);
    if (!row.next())
      return;
    auto owner = row.text(4);
    auto kind = row.text(2);
    row->reset();
    std::int64_t before = 0;
    {
      auto rows = database_.statement(sql::neighbours);
      rows.bind(1, owner).bind(2, kind).bind(3, entry.position - 1);
      rows.bind(4, std::int64_t{1});
      if (!rows.next() || rows.number(1) != 0)
        return;
      before = rows.number(0);
    }
    if (!row.bind(1, before).next() || !is_sound(row))
      return;
    entry.add(read_entry(row));
    row->reset();
    database_.statement(sql::drop_entry).bind(1, before).run();
  }

  connection &database_;
  compaction_request request_;
  timestamp now_;
  std::int64_t folded_to_;
};

} // namespace

compaction_outcome compact_ledger(connection &database,
                                  const compaction_request &request,
                                  timestamp now) {
  return folding(database, request, now).run();
}

} // namespace sluice::db::sqlite
