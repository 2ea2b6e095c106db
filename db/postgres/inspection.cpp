#include <algorithm>

#include "db/postgres/encoding.hpp"
#include "db/postgres/looks.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

// $1: ids behind it; $2: accepted before, in microseconds; $3: the
// organization; $4: the status; $6: ids; each null when it does not matter; $5:
// the limit. Times are as in `queries.hpp`.
constexpr char listed_items[] = R"sql(
SELECT id, organization_id, type, status, attempts, last_error,
  (extract(epoch FROM inserted_at) * 1000000)::bigint,
  (extract(epoch FROM not_before) * 1000000)::bigint, claimed_by,
  (extract(epoch FROM processing_started_at) * 1000000)::bigint
FROM event_queue
WHERE ($1::uuid IS NULL OR id > $1::uuid)
  AND ($2::bigint IS NULL
    OR inserted_at < 'epoch'::timestamptz + $2::bigint * interval '1 us')
  AND ($3::uuid IS NULL OR organization_id = $3::uuid)
  AND ($4::text IS NULL OR status = $4::text)
  AND ($6::uuid[] IS NULL OR id = ANY ($6::uuid[]))
ORDER BY id LIMIT $5::integer)sql";
constexpr char newest_audit_records[] = R"sql(
SELECT seq, (extract(epoch FROM at) * 1000000)::bigint, actor, action, target,
  reason, detail
FROM audit_log WHERE $1::bigint IS NULL OR seq < $1::bigint
ORDER BY seq DESC LIMIT $2::integer)sql";

constexpr int longest_list = 1000;

audit_record read_audit_record(const pqxx::row &row) {
  audit_record entry;
  entry.position = row[0].as<std::int64_t>();
  entry.at = read_time(row[1].c_str());
  entry.actor = row[2].as<std::string>();
  entry.action = row[3].as<std::string>();
  entry.target = row[4].as<std::string>("");
  entry.reason = row[5].as<std::string>("");
  entry.detail = row[6].as<std::string>("");
  return entry;
}

} // namespace

item_view read_item(const pqxx::row &row) {
  item_view item;
  item.id = event_id(read_uuid(row[0].c_str()));
  item.organization = organization_id(read_uuid(row[1].c_str()));
  item.type = row[2].as<std::string>();
  // A CHECK constraint keeps other texts out.
  item.status = parse_item_status(row[3].c_str()).value_or(item.status);
  item.attempts = row[4].as<int>();
  item.last_error = row[5].as<std::string>("");
  item.accepted_at = read_time(row[6].c_str());
  item.due_at = read_time(row[7].c_str());
  item.claimed_by = row[8].as<std::string>("");
  if (!row[9].is_null())
    item.claimed_at = read_time(row[9].c_str());
  return item;
}

result<std::vector<item_view>>
postgres_store::list_items(const item_query &query) {
  std::optional<std::string> after;
  if (query.after)
    after = query.after->to_string();
  std::optional<long long> before;
  if (query.accepted_before)
    before = query.accepted_before->time_since_epoch().count();
  std::optional<std::string> owner;
  if (query.organization)
    owner = query.organization->to_string();
  std::optional<std::string> status;
  if (query.status)
    status = to_string(*query.status);
  std::optional<std::string> only;
  if (!query.only.empty())
    only = array_of(std::span<const event_id>(query.only));
  std::vector<item_view> found;
  auto done =
      session_->look("list_items", [&](pqxx::nontransaction &transaction) {
        auto rows = transaction.exec_params(
            listed_items, after, before, owner, status,
            std::clamp(query.limit, 1, longest_list), only);
        for (const auto &row : rows)
          found.push_back(read_item(row));
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

result<std::vector<audit_record>>
postgres_store::list_audit(const audit_query &query) {
  std::optional<long long> before;
  if (query.before)
    before = *query.before;
  std::vector<audit_record> found;
  auto done =
      session_->look("list_audit", [&](pqxx::nontransaction &transaction) {
        auto rows =
            transaction.exec_params(newest_audit_records, before,
                                    std::clamp(query.limit, 1, longest_list));
        for (const auto &row : rows)
          found.push_back(read_audit_record(row));
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

} // namespace sluice::db::postgres
