#include "db/sqlite/retention.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "db/model/pair_line.hpp"
#include "db/sqlite/booking.hpp"
#include "db/sqlite/retention_queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// Rows that a step looks at for each that it may remove, but never so many
/// that looking takes the time for removing; and those that it removes, with
/// what belongs to them.
constexpr std::int64_t looks_for_each_removal = 10;
constexpr std::int64_t most_looks = 250;
constexpr int rows_for_each_removal = 5;
/// A step has the only writer: nothing else is begun after so long.
constexpr std::chrono::milliseconds longest_step{1};

std::int64_t looks_of(const prune_request &request) {
  return std::min(std::max(request.limit, 1) * looks_for_each_removal,
                  most_looks);
}

bool is_settled(std::string_view status) {
  return status == "delivered" || status == "skipped" ||
         status == "dead_letter";
}

/// What a step has removed, and whether it may go on.
class removal_step {
public:
  explicit removal_step(const prune_request &request)
      : request_(request), limit_(std::max(request.limit, 1)) {}

  /// Asked before each row, once all are looked at. Not before the first one:
  /// each step gets on.
  bool is_full(int removed) {
    const auto now = connection::clock::now();
    if (!begun_) {
      begun_ = now;
      return false;
    }
    return removed >= limit_ || done.sum() >= limit_ * rows_for_each_removal ||
           now - *begun_ > longest_step;
  }
  /// Where the step begins.
  std::int64_t begin() const { return read_number(request_.after).value_or(0); }
  void set_next(std::int64_t place) { done.next = std::to_string(place); }

  prune_outcome done;

private:
  const prune_request &request_;
  int limit_;
  std::optional<connection::clock::time_point> begun_;
};

/// Whether a round goes on behind `place`: some of the rows were not passed, or
/// there may be others. Rows come in the order of their arrival, or nearly:
/// behind so many young ones there are no old ones.
template <class Row>
bool may_have_more(const std::vector<Row> &rows, std::int64_t place,
                   std::int64_t looks, bool saw_old) {
  if (rows.empty())
    return false;
  return place != rows.back().place ||
         (saw_old && static_cast<std::int64_t>(rows.size()) == looks);
}

/// A row of the log that may be old.
struct old_event {
  std::int64_t place = 0;
  uuid id;
  uuid owner;
};

/// A row that belongs to it.
struct old_delivery {
  std::int64_t place = 0;
  uuid id;
};

class event_removal {
public:
  event_removal(connection &database, const prune_request &request,
                timestamp now)
      : database_(database), request_(request), step_(request),
        horizon_(now - request.older_than),
        written_off_(database, "written_off", now) {}

  prune_outcome run() {
    auto rows = look();
    auto saw_old = false;
    for (const auto &row : rows) {
      if (step_.is_full(step_.done.events))
        break;
      place_ = row.place;
      if (row.id >= first_young_id())
        continue;
      saw_old = true;
      remove(row);
    }
    written_off_.write();
    if (may_have_more(rows, place_, looks_of(request_), saw_old))
      step_.set_next(place_);
    return step_.done;
  }

private:
  uuid first_young_id() const {
    return uuid::first_v7(std::chrono::duration_cast<std::chrono::milliseconds>(
        horizon_.time_since_epoch()));
  }

  std::vector<old_event> look() {
    std::vector<old_event> found;
    auto rows = database_.statement(sql::look_for_events);
    rows.bind(1, step_.begin()).bind(2, looks_of(request_));
    while (rows.next())
      found.push_back({rows.number(0), rows.id(1), rows.id(2)});
    return found;
  }

  void remove(const old_event &event) {
    auto own = deliveries_of(event);
    if (!own || !is_old(event))
      return;
    auto attempts = database_.statement(sql::drop_attempts);
    auto deliveries = database_.statement(sql::drop_delivery);
    for (const auto &delivery : *own) {
      step_.done.attempts += attempts.bind(1, delivery.id).run();
      step_.done.deliveries += deliveries.bind(1, delivery.place).run();
    }
    auto row = database_.statement(sql::drop_event);
    step_.done.events += row.bind(1, event.place).run();
    written_off_.add(organization_id(event.owner), event_id(event.id));
  }

  bool is_old(const old_event &event) {
    auto query = database_.statement(sql::is_old_event);
    query.bind(1, event.place).bind(2, horizon_);
    return query.next() && query.number(0) != 0;
  }

  /// Nothing when one of them waits.
  std::optional<std::vector<old_delivery>>
  deliveries_of(const old_event &event) {
    std::vector<old_delivery> found;
    auto is_unread = false;
    auto has_arrived = false;
    auto rows = database_.statement(sql::deliveries_of_old);
    rows.bind(1, event.id).bind(2, event.owner);
    while (rows.next()) {
      auto status = rows.text_view(2);
      auto is_inbox = rows.number(3) != 0;
      if (is_inbox) {
        is_unread = is_unread || !is_settled(status);
        has_arrived = has_arrived || rows.number(4) != 0;
      } else if (is_settled(status)) {
        has_arrived = has_arrived || status == "delivered";
      } else {
        return std::nullopt;
      }
      found.push_back({rows.number(0), rows.id(1)});
    }
    if (is_unread && !has_arrived)
      return std::nullopt;
    return found;
  }

  connection &database_;
  const prune_request &request_;
  removal_step step_;
  timestamp horizon_;
  ledger_entries written_off_;
  std::int64_t place_ = 0;
};

/// A settled delivery, or a row that was passed on the way.
struct seen_delivery {
  std::int64_t place = 0;
  uuid id;
  uuid event;
  uuid owner;
  bool has_arrived = false;
  bool is_from_before = false;
  bool is_due = false;
};

std::vector<seen_delivery> look_for_deliveries(connection &database,
                                               const removal_step &step,
                                               std::int64_t looks,
                                               timestamp horizon) {
  std::vector<seen_delivery> found;
  auto rows = database.statement(sql::look_for_deliveries);
  rows.bind(1, step.begin()).bind(2, looks).bind(3, horizon);
  while (rows.next())
    found.push_back({rows.number(0), rows.id(1), rows.id(2), rows.id(3),
                     rows.text_view(4) == "delivered", rows.number(5) != 0,
                     rows.number(6) != 0});
  return found;
}

prune_outcome prune_deliveries(connection &database,
                               const prune_request &request, timestamp now) {
  removal_step step(request);
  auto rows = look_for_deliveries(database, step, looks_of(request),
                                  now - request.older_than);
  auto let_go = database.statement(sql::let_go_of_event);
  auto attempts = database.statement(sql::drop_attempts);
  auto deliveries = database.statement(sql::drop_delivery);
  auto saw_old = false;
  std::int64_t place = 0;
  for (const auto &row : rows) {
    if (step.is_full(step.done.deliveries))
      break;
    place = row.place;
    saw_old = saw_old || row.is_from_before;
    if (!row.is_due)
      continue;
    if (row.has_arrived)
      let_go.bind(1, row.event).bind(2, row.owner).run();
    step.done.attempts += attempts.bind(1, row.id).run();
    step.done.deliveries += deliveries.bind(1, row.place).run();
  }
  if (may_have_more(rows, place, looks_of(request), saw_old))
    step.set_next(place);
  return step.done;
}

prune_outcome prune_keys(connection &database, const prune_request &request,
                         timestamp now) {
  struct ended_key {
    std::int64_t place = 0;
    std::int64_t ended_at = 0;
    bool is_held = false;
  };
  removal_step step(request);
  std::vector<ended_key> keys;
  {
    auto rows = database.statement(sql::look_for_keys);
    rows.bind(1, step.begin()).bind(2, now - request.older_than);
    rows.bind(3, looks_of(request));
    while (rows.next())
      keys.push_back({rows.number(0), rows.number(1), rows.number(2) != 0});
  }
  auto drop = database.statement(sql::drop_key);
  const ended_key *last = nullptr;
  for (const auto &key : keys) {
    if (step.is_full(step.done.dedup_keys))
      break;
    last = &key;
    if (!key.is_held)
      step.done.dedup_keys += drop.bind(1, key.place).run();
  }
  if (last == nullptr)
    return step.done;
  auto is_at_end = static_cast<std::int64_t>(keys.size()) < looks_of(request) &&
                   last == &keys.back();
  // Many keys that end at the same moment and are all held would be looked at
  // for ever.
  auto is_stuck = last->ended_at == step.begin() && step.done.dedup_keys == 0;
  if (!is_at_end)
    step.set_next(last->ended_at + (is_stuck ? 1 : 0));
  return step.done;
}

} // namespace

prune_outcome prune(connection &database, const prune_request &request,
                    timestamp now) {
  switch (request.what) {
  case prunable::events:
    return event_removal(database, request, now).run();
  case prunable::deliveries:
    return prune_deliveries(database, request, now);
  case prunable::dedup_keys:
    return prune_keys(database, request, now);
  }
  return {};
}

} // namespace sluice::db::sqlite
