#include <algorithm>
#include <string>

#include "db/model/pair_line.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/retention_queries.hpp"

namespace sluice::db::postgres {

namespace {

/// Rows that a step looks at for each that it may remove.
constexpr int looks_for_each_removal = 10;
/// A step goes on with the next organization until it has found something, or
/// looked at so many.
constexpr int most_organizations = 20;

/// Where a round has come to: behind this row of this organization.
struct round_place {
  uuid owner;
  uuid row;
};

/// "ORGANIZATION/ROW"; the beginning, when it is not that.
round_place read_round(std::string_view text) {
  auto slash = text.find('/');
  if (slash == std::string_view::npos)
    return {};
  auto owner = uuid::parse(text.substr(0, slash));
  auto row = uuid::parse(text.substr(slash + 1));
  return owner && row ? round_place{*owner, *row} : round_place{};
}

std::string write_round(const round_place &at) {
  return at.owner.to_string() + '/' + at.row.to_string();
}

/// One step of a round through one table.
class removal_pass {
public:
  removal_pass(pqxx::nontransaction &transaction, const prune_request &request,
               const std::optional<std::string> &now)
      : transaction_(transaction), request_(request), now_(now),
        limit_(std::max(request.limit, 1)),
        looks_(limit_ * looks_for_each_removal),
        horizon_(read_time(
            transaction
                .exec_params1(
                    sql::horizon,
                    static_cast<long long>(request.older_than.count()), now)[0]
                .c_str())) {}

  prune_outcome run() {
    if (request_.what == prunable::dedup_keys)
      prune_keys();
    else
      prune_rows();
    return done_;
  }

private:
  void prune_rows() {
    auto at = read_round(request_.after);
    for (int tries = 0; tries < most_organizations; ++tries) {
      // A new round, or the organization before is through.
      if (at.row.is_nil() && !enter_next(at))
        return;
      auto reached = prune_some(at);
      at.row = reached.value_or(uuid());
      if (done_.sum() > 0 || reached)
        break;
    }
    done_.next = write_round(at);
  }

  bool enter_next(round_place &at) {
    auto rows =
        transaction_.exec_params(sql::next_organization, at.owner.to_string());
    if (rows.empty())
      return false;
    at.owner = read_uuid(rows[0][0].c_str());
    return true;
  }

  /// Returns where the organization's next step begins, if it has one.
  std::optional<uuid> prune_some(const round_place &at) {
    auto first_young =
        uuid::first_v7(std::chrono::duration_cast<std::chrono::milliseconds>(
            horizon_.time_since_epoch()));
    auto ask = [&](const char *statement, const auto &...more) {
      return transaction_.exec_params1(
          statement, at.owner.to_string(), at.row.to_string(),
          first_young.to_string(), to_rfc3339(horizon_), looks_, limit_,
          more...);
    };
    auto row = request_.what == prunable::events ? ask(sql::prune_events, now_)
                                                 : ask(sql::prune_deliveries);
    done_.events += row[0].as<int>();
    done_.deliveries += row[1].as<int>();
    done_.attempts += row[2].as<int>();
    if (row[3].is_null())
      return std::nullopt;
    return read_uuid(row[3].c_str());
  }

  void prune_keys() {
    auto from = read_number(request_.after).value_or(0);
    auto row = transaction_.exec_params1(
        sql::prune_keys, to_rfc3339(timestamp(std::chrono::microseconds(from))),
        to_rfc3339(horizon_), looks_, limit_);
    done_.dedup_keys = row[0].as<int>();
    if (row[1].is_null())
      return;
    auto reached = row[1].as<std::int64_t>();
    // Many keys that end at the same moment and are all held would be looked
    // at for ever.
    auto is_stuck = reached == from && done_.dedup_keys == 0;
    done_.next = std::to_string(reached + (is_stuck ? 1 : 0));
  }

  pqxx::nontransaction &transaction_;
  const prune_request &request_;
  const std::optional<std::string> &now_;
  int limit_;
  int looks_;
  timestamp horizon_;
  prune_outcome done_;
};

} // namespace

result<prune_outcome> postgres_store::prune(const prune_request &request) {
  prune_outcome outcome;
  auto work = [&](pqxx::nontransaction &transaction, const pqxx::result &) {
    auto now = session_->now();
    outcome = removal_pass(transaction, request, now).run();
  };
  auto done = session_->write_after(
      "prune", [] { return doubt(); },
      [] { return std::string(sql::begin_removal); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return outcome;
}

} // namespace sluice::db::postgres
