#include <algorithm>
#include <set>
#include <vector>

#include "db/postgres/audit.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/gate_queries.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

// The queue comes first, in a statement of its own: what somebody moves
// meanwhile is waited for, and found in the log.
constexpr char remove_queue[] = R"sql(
WITH gone AS (
  DELETE FROM event_queue WHERE organization_id = $1::uuid
  RETURNING id, status),
booked AS (
  INSERT INTO ledger (at, kind, count, organization_id)
  SELECT coalesce($2::timestamptz, statement_timestamp()),
    CASE status WHEN 'quarantined' THEN 'discarded_quarantined'
      ELSE 'discarded' END, count(*), $1::uuid
  FROM gone GROUP BY 2)
SELECT id FROM gone)sql";
constexpr const char *remove_events[] = {
    "DELETE FROM discarded WHERE organization_id = $1::uuid RETURNING id",
    "DELETE FROM events WHERE organization_id = $1::uuid RETURNING id",
};
constexpr char write_off[] = R"sql(
INSERT INTO ledger (at, kind, count, organization_id, ids)
VALUES (coalesce($3::timestamptz, statement_timestamp()), 'written_off',
  cardinality($2::uuid[]), $1::uuid, $2::uuid[]))sql";
// What has no events any more; those that refer to others come first.
constexpr const char *remove_rest[] = {
    "DELETE FROM delivery_attempts WHERE organization_id = $1::uuid",
    "DELETE FROM event_deliveries WHERE organization_id = $1::uuid",
    "DELETE FROM dedup_keys WHERE organization_id = $1::uuid",
    "DELETE FROM replays WHERE organization_id = $1::uuid",
    "DELETE FROM endpoints WHERE organization_id = $1::uuid",
    "DELETE FROM api_keys WHERE organization_id = $1::uuid",
    "DELETE FROM organizations WHERE id = $1::uuid",
};
// Keeps a row of the ledger, and what a reader needs for one, small.
constexpr std::size_t most_ids = 10'000;

std::vector<event_id> remove_all_events(pqxx::nontransaction &transaction,
                                        const std::string &owner,
                                        const std::optional<std::string> &now) {
  std::set<event_id> gone;
  auto note = [&](const pqxx::result &rows) {
    for (const auto &row : rows)
      gone.emplace(read_uuid(row[0].c_str()));
  };
  note(transaction.exec_params(remove_queue, owner, now));
  for (const char *place : remove_events)
    note(transaction.exec_params(place, owner));
  return {gone.begin(), gone.end()};
}

} // namespace

result<std::int64_t> postgres_store::remove_organization(
    organization_id owner, std::string_view actor, std::string_view reason) {
  std::int64_t count = 0;
  act by(actor, reason);
  lanes_.forget();
  auto work = [&](pqxx::nontransaction &transaction, const pqxx::result &) {
    const auto now = session_->now();
    const auto name = owner.to_string();
    const auto gone = remove_all_events(transaction, name, now);
    for (std::size_t at = 0; at < gone.size(); at += most_ids)
      transaction.exec_params(write_off, name,
                              array_of(std::span(gone).subspan(
                                  at, std::min(most_ids, gone.size() - at))),
                              now);
    count = static_cast<std::int64_t>(gone.size());
    auto others = pqxx::result::size_type{0};
    for (const char *rest : remove_rest)
      others += transaction.exec_params(rest, name).affected_rows();
    if (count > 0 || others > 0)
      by.record(transaction, "remove organization", name,
                "events=" + std::to_string(count), now);
  };
  auto done = session_->write_after(
      "remove organization", [&] { return by.describe(); },
      [] { return std::string(sql::enter_gate); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return count;
}

} // namespace sluice::db::postgres
