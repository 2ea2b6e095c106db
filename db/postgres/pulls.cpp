#include <algorithm>
#include <set>

#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/pull_queries.hpp"

namespace sluice::db::postgres {

namespace {

long long lease_us(std::chrono::milliseconds lease) {
  return std::chrono::microseconds(lease).count();
}

inbox_entry read_pulled(const pqxx::row &row) {
  inbox_entry entry;
  entry.position = read_uuid(row[3].c_str());
  entry.id = event_id(read_uuid(row[4].c_str()));
  entry.type = row[5].as<std::string>();
  entry.payload = row[6].as<std::string>();
  if (!row[7].is_null())
    entry.dedup_id = row[7].as<std::string>();
  entry.accepted_at = read_time(row[8].c_str());
  entry.stored_at = read_time(row[9].c_str());
  entry.attempts = row[10].as<int>();
  entry.status = delivery_status::sending;
  return entry;
}

/// The first row: what is claimed from, since when and until when.
void read_source(const pqxx::row &row, pull_claim &claimed) {
  if (row[0].is_null())
    claimed.what = pull_claim::kind::no_endpoint;
  else if (row[0].as<std::string>() != to_string(endpoint_mode::pull))
    claimed.what = pull_claim::kind::is_pushed;
  claimed.claimed_at = read_time(row[1].c_str());
  claimed.lease_until = read_time(row[2].c_str());
}

const char *pull_statement(pull_order::kind what) {
  switch (what) {
  case pull_order::kind::acknowledge:
    return sql::acknowledge_pulls;
  case pull_order::kind::release:
    return sql::release_pulls;
  case pull_order::kind::extend:
    return sql::extend_pulls;
  }
  return sql::extend_pulls;
}

/// What a statement said of events.
class pull_rows {
public:
  explicit pull_rows(pull_order::kind what) : what_(what) {}

  void read(const pqxx::result &rows, pull_answer &answer) {
    for (const auto &row : rows) {
      const auto said = std::string_view(row[1].c_str());
      if (said == "until") {
        answer.lease_until = read_time(row[2].c_str());
        continue;
      }
      const event_id id(read_uuid(row[0].c_str()));
      known_.insert(id);
      if (said == "done")
        done_.insert(id);
      if (said == "delivered")
        delivered_.insert(id);
    }
  }

  /// An id that is named again finds what was made of it the first time.
  pull_outcome outcome(event_id id) {
    if (done_.contains(id)) {
      if (what_ == pull_order::kind::extend || told_.insert(id).second)
        return pull_outcome::done;
      return what_ == pull_order::kind::acknowledge ? pull_outcome::already
                                                    : pull_outcome::lost;
    }
    if (!known_.contains(id))
      return pull_outcome::not_found;
    return what_ == pull_order::kind::acknowledge && delivered_.contains(id)
               ? pull_outcome::already
               : pull_outcome::lost;
  }

  const std::set<event_id> &known() const { return known_; }

private:
  pull_order::kind what_;
  std::set<event_id> known_;
  std::set<event_id> done_;
  std::set<event_id> delivered_;
  std::set<event_id> told_;
};

} // namespace

result<pull_claim> postgres_store::claim_pulls(const pull_request &request) {
  pull_claim claimed;
  auto target = request.endpoint ? std::optional(request.endpoint->to_string())
                                 : std::nullopt;
  auto make = [&] {
    return call_text("sluice_pull", {request.fence.to_string(),
                                     request.organization.to_string(), target,
                                     std::to_string(request.limit),
                                     std::to_string(lease_us(request.lease)),
                                     session_->now()});
  };
  auto take = [&](const pqxx::result &rows) {
    for (const auto &row : rows) {
      if (row[3].is_null())
        read_source(row, claimed);
      else
        claimed.events.push_back(read_pulled(row));
    }
  };
  auto done = session_->write_once(
      "claim pulls", [] { return doubt(); }, make, take);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return claimed;
}

result<pull_answer> postgres_store::change_pulls(const pull_order &order) {
  pull_answer answer;
  pull_rows found(order.what);
  auto done = session_->write(
      "change pulls", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        found.read(transaction.exec_params(
                       pull_statement(order.what),
                       order.organization.to_string(), order.fence.to_string(),
                       array_of(std::span<const event_id>(order.ids)),
                       session_->now(), lease_us(order.lease)),
                   answer);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  auto asked = order.ids;
  if (asked.empty())
    asked.assign(found.known().begin(), found.known().end());
  for (auto id : asked)
    answer.events.push_back({id, found.outcome(id)});
  return answer;
}

} // namespace sluice::db::postgres
