#include "db/sqlite/pulls.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "db/sqlite/pull_queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// What a claim takes from: nothing where there is no such thing, and then
/// `why` says so.
std::optional<uuid> source_of(connection &database, const pull_request &request,
                              pull_claim::kind &why) {
  if (!request.endpoint) {
    auto inbox = database.statement(sql::inbox_of);
    if (inbox.bind(1, request.organization).next())
      return inbox.id(0);
    why = pull_claim::kind::no_endpoint;
    return std::nullopt;
  }
  auto mode = database.statement(sql::mode_of);
  if (!mode.bind(1, *request.endpoint).bind(2, request.organization).next()) {
    why = pull_claim::kind::no_endpoint;
    return std::nullopt;
  }
  if (mode.text_view(0) == to_string(endpoint_mode::pull))
    return request.endpoint->value();
  why = pull_claim::kind::is_pushed;
  return std::nullopt;
}

inbox_entry read_pulled(statement_loan &row) {
  inbox_entry entry;
  entry.position = row.id(1);
  entry.id = event_id(row.id(2));
  // Where it counts, this time is one more.
  entry.attempts = static_cast<int>(row.number(3) + row.number(4));
  entry.type = row.text(5);
  entry.payload = row.text(6);
  if (!row.is_null(7))
    entry.dedup_id = row.text(7);
  entry.accepted_at = row.time(8);
  entry.stored_at = row.time(9);
  entry.status = delivery_status::sending;
  return entry;
}

const char *pull_statement(pull_order::kind what) {
  switch (what) {
  case pull_order::kind::acknowledge:
    return sql::acknowledge_pull;
  case pull_order::kind::release:
    return sql::release_pull;
  case pull_order::kind::extend:
    return sql::extend_pull;
  }
  return sql::extend_pull;
}

/// Does what a claim wants, of one event after the other.
class pull_changer {
public:
  pull_changer(connection &database, const pull_order &order, timestamp now)
      : order_(order), owner_(order.organization.to_string()),
        fence_(order.fence.to_string()), now_(now),
        change_(database.statement(pull_statement(order.what))),
        look_(database.statement(sql::was_acknowledged_by)) {}

  pull_outcome change(event_id id) {
    change_.bind(1, id).bind(2, owner_).bind(3, fence_).bind(4, now_);
    if (order_.what == pull_order::kind::extend)
      change_.bind(5, now_ + order_.lease);
    if (change_.run() > 0)
      return pull_outcome::done;
    look_.bind(1, id).bind(2, owner_).bind(3, fence_);
    auto found = pull_outcome::not_found;
    if (look_.next() && !look_.is_null(0))
      found =
          order_.what == pull_order::kind::acknowledge && look_.number(0) != 0
              ? pull_outcome::already
              : pull_outcome::lost;
    look_->reset();
    return found;
  }

private:
  const pull_order &order_;
  std::string owner_;
  std::string fence_;
  timestamp now_;
  statement_loan change_;
  statement_loan look_;
};

std::vector<event_id> held_by(connection &database, const pull_order &order) {
  std::vector<event_id> ids;
  auto rows = database.statement(sql::events_of_pull);
  rows.bind(1, order.fence).bind(2, order.organization);
  while (rows.next())
    ids.emplace_back(rows.id(0));
  return ids;
}

} // namespace

pull_claim claim_pulls(connection &database, const pull_request &request,
                       timestamp now) {
  pull_claim claimed;
  claimed.claimed_at = now;
  claimed.lease_until = now + request.lease;
  auto source = source_of(database, request, claimed.what);
  if (!source)
    return claimed;
  // All rows are read before the first one is changed: what is read stands in
  // the index that changes.
  std::vector<std::int64_t> places;
  std::vector<std::int64_t> orphans;
  {
    auto rows = database.statement(request.endpoint ? sql::pulls_of_endpoint
                                                    : sql::pulls_of_inbox);
    rows.bind(1, request.organization).bind(2, *source).bind(3, now);
    rows.bind(4, std::int64_t{request.limit});
    while (rows.next()) {
      (rows.is_null(5) ? orphans : places).push_back(rows.number(0));
      if (!rows.is_null(5))
        claimed.events.push_back(read_pulled(rows));
    }
  }
  auto fence = request.fence.to_string();
  auto hold = database.statement(sql::hold_pull);
  for (auto place : places)
    hold.bind(1, place)
        .bind(2, fence)
        .bind(3, claimed.lease_until)
        .bind(4, now)
        .run();
  auto skip = database.statement(sql::skip_pull);
  for (auto place : orphans)
    skip.bind(1, place).bind(2, now).run();
  return claimed;
}

pull_answer change_pulls(connection &database, const pull_order &order,
                         timestamp now) {
  pull_answer answer;
  answer.lease_until = now + order.lease;
  pull_changer work(database, order, now);
  for (auto id : order.ids.empty() ? held_by(database, order) : order.ids)
    answer.events.push_back({id, work.change(id)});
  return answer;
}

} // namespace sluice::db::sqlite
