#include "db/sqlite/deliveries.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "db/sqlite/booking.hpp"
#include "db/sqlite/delivery_queries.hpp"
#include "db/sqlite/gate.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr std::size_t longest_head = 1024;

/// A claim on its way through the shares.
class share_walk {
public:
  share_walk(connection &database, const delivery_request &request,
             timestamp now)
      : request_(request), fence_(request.fence.to_string()),
        node_(request.node.to_string()), now_(now),
        is_sent_to_(database.statement(sql::is_sent_to)),
        due_(database.statement(sql::due_deliveries)),
        claim_(database.statement(sql::claim_delivery)),
        skip_(database.statement(sql::skip_delivery)) {}

  std::vector<claimed_delivery> run() {
    std::vector<claimed_delivery> taken;
    for (const auto &share : request_.shares) {
      auto left = request_.limit - static_cast<int>(taken.size());
      if (left <= 0)
        break;
      if (is_sent_to(share.endpoint))
        take(share.endpoint, std::min(share.limit, left), taken);
    }
    return taken;
  }

private:
  bool is_sent_to(endpoint_id id) {
    auto found = is_sent_to_.bind(1, id).next() && is_sent_to_.number(0) != 0;
    is_sent_to_->reset();
    return found;
  }

  // The rows are all read before the first one is changed: what is read stands
  // in the index that changes.
  void take(endpoint_id id, int most, std::vector<claimed_delivery> &taken) {
    std::vector<std::int64_t> places;
    std::vector<std::int64_t> orphans;
    due_.bind(1, id).bind(2, now_).bind(3, std::int64_t{most});
    while (due_.next()) {
      (due_.is_null(5) ? orphans : places).push_back(due_.number(0));
      if (!due_.is_null(5))
        taken.push_back(read(id));
    }
    due_->reset();
    for (auto place : places)
      claim_.bind(1, place)
          .bind(2, fence_)
          .bind(3, node_)
          .bind(4, now_ + request_.lease)
          .run();
    for (auto place : orphans)
      skip_.bind(1, place).bind(2, now_).run();
  }

  claimed_delivery read(endpoint_id id) {
    claimed_delivery taken;
    taken.id = delivery_id(due_.id(1));
    taken.endpoint = id;
    taken.organization = organization_id(due_.id(2));
    taken.event = event_id(due_.id(3));
    taken.attempts = static_cast<int>(due_.number(4)) + 1;
    taken.type = due_.text(5);
    taken.payload = due_.text(6);
    taken.accepted_at = due_.time(7);
    return taken;
  }

  const delivery_request &request_;
  std::string fence_;
  std::string node_;
  timestamp now_;
  statement_loan is_sent_to_;
  statement_loan due_;
  statement_loan claim_;
  statement_loan skip_;
};

using result_kind = delivery_result::kind;

const char *status_after(result_kind what) {
  switch (what) {
  case result_kind::delivered:
    return "delivered";
  case result_kind::retry:
  case result_kind::returned:
    return "failed";
  case result_kind::dead_letter:
    return "dead_letter";
  }
  return "failed";
}

void bind_optional(statement_loan &query, int at, std::optional<int> number) {
  if (number)
    query.bind(at, std::int64_t{*number});
  else
    query.bind_null(at);
}

void bind_filled(statement_loan &query, int at, const std::string &text) {
  if (text.empty())
    query.bind_null(at);
  else
    query.bind(at, text);
}

/// Writes down one result after the other.
class recorder {
public:
  recorder(connection &database, timestamp now)
      : now_(now), record_(database.statement(sql::record_delivery)),
        return_(database.statement(sql::return_delivery)),
        attempt_(database.statement(sql::add_attempt)) {}

  /// False when it does not carry the fence any more.
  bool write(const delivery_result &told) {
    if (told.what == result_kind::returned)
      return take_back(told);
    auto error = one_line(told.error);
    hold(record_, told);
    record_.bind(5, status_after(told.what));
    if (told.what == result_kind::retry)
      record_.bind(6, now_ + told.retry_in);
    else
      record_.bind_null(6);
    bind_optional(record_, 7, told.response_status);
    bind_filled(record_, 8, error);
    if (record_.run() == 0)
      return false;
    add_attempt(told, error);
    return true;
  }

private:
  void hold(statement_loan &query, const delivery_result &told) {
    query.bind(1, told.fence).bind(2, told.id).bind(3, told.organization);
    query.bind(4, now_);
  }

  bool take_back(const delivery_result &told) {
    hold(return_, told);
    return return_.bind(5, now_ + told.retry_in).run() > 0;
  }

  void add_attempt(const delivery_result &told, const std::string &error) {
    attempt_.bind(1, uuid::generate_v7()).bind(2, told.organization);
    attempt_.bind(3, told.id).bind(4, now_ - told.begun_ago);
    attempt_.bind(
        5, std::max<std::int64_t>(std::int64_t{told.duration.count()}, 0));
    bind_optional(attempt_, 6, told.response_status);
    bind_filled(attempt_, 7, error);
    if (told.response_head.empty())
      attempt_.bind_null(8);
    else
      attempt_.bind_blob(8, told.response_head.data(),
                         std::min(told.response_head.size(), longest_head));
    attempt_.run();
  }

  timestamp now_;
  statement_loan record_;
  statement_loan return_;
  statement_loan attempt_;
};

attempt_record read_attempt(statement_loan &row) {
  attempt_record kept;
  kept.delivery = delivery_id(row.id(0));
  kept.endpoint = endpoint_id(row.id(1));
  kept.attempted_at = row.time(2);
  kept.duration = std::chrono::microseconds(row.number(3));
  if (!row.is_null(4))
    kept.response_status = static_cast<int>(row.number(4));
  kept.error = row.text(5);
  kept.response_head = row.text(6);
  return kept;
}

} // namespace

delivery_claim claim_deliveries(connection &database,
                                const delivery_request &request,
                                timestamp now) {
  delivery_claim claimed{request.fence, {}, is_delivery_paused(database)};
  if (!claimed.is_paused)
    claimed.deliveries = share_walk(database, request, now).run();
  return claimed;
}

record_outcome record_deliveries(connection &database,
                                 std::span<const delivery_result> results,
                                 timestamp now) {
  record_outcome outcome;
  recorder work(database, now);
  for (const auto &told : results)
    (work.write(told) ? outcome.recorded : outcome.lost) += 1;
  return outcome;
}

int rescue_deliveries(connection &database, const delivery_rescue &request,
                      timestamp now) {
  auto query = database.statement(sql::rescue_deliveries);
  query.bind(1, now).bind(2, now - request.node_dead_after);
  query.bind(3, std::int64_t{request.max_attempts});
  auto rescued = query.bind(4, std::int64_t{request.limit}).run();
  auto pulls = database.statement(sql::rescue_pulls);
  pulls.bind(1, now);
  return rescued + pulls.bind(2, std::int64_t{request.limit}).run();
}

int skip_removed(connection &database, int limit, timestamp now) {
  auto query = database.statement(sql::skip_removed);
  return query.bind(1, now).bind(2, std::int64_t{limit}).run();
}

std::vector<attempt_record> delivery_attempts(connection &database,
                                              organization_id owner,
                                              event_id event, int limit) {
  std::vector<attempt_record> kept;
  auto rows = database.statement(sql::attempts_of_event);
  rows.bind(1, event).bind(2, owner).bind(3, std::int64_t{limit});
  while (rows.next())
    kept.push_back(read_attempt(rows));
  return kept;
}

delivery_depth count_deliveries(connection &database, int limit) {
  auto row = database.statement(sql::count_deliveries);
  if (!row.bind(1, std::int64_t{limit}).next())
    return {};
  return {row.number(0), row.number(1), row.number(2), row.number(3)};
}

void end_sending_of_others(connection &database, node_id self, timestamp now) {
  auto query = database.statement(sql::end_sending_of_others);
  query.bind(1, self).bind(2, now).run();
}

void end_sending_of_node(connection &database, node_id self, timestamp now) {
  auto query = database.statement(sql::end_sending_of_node);
  query.bind(1, self).bind(2, now).run();
}

} // namespace sluice::db::sqlite
