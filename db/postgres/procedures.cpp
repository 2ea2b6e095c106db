#include "db/postgres/audit.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

// Who comes second waits for the first; both see who was first.
constexpr char add_procedure[] = R"sql(
INSERT INTO procedures (id, kind, is_open, version, document, begun_at,
  changed_at)
SELECT $1::uuid, $2::text, true, 1, $3::text, at.now, at.now
FROM (SELECT coalesce($4::timestamptz, statement_timestamp()) AS now) AS at
ON CONFLICT DO NOTHING)sql";
constexpr char open_procedure[] =
    "SELECT id = $2::uuid FROM procedures WHERE kind = $1::text AND is_open";
constexpr char change_procedure[] = R"sql(
UPDATE procedures SET is_open = $3::boolean, document = $4::text,
  changed_at = coalesce($5::timestamptz, statement_timestamp()),
  version = version + 1
WHERE id = $1::uuid AND version = $2::bigint AND is_open)sql";
constexpr char newest_procedures[] = R"sql(
SELECT id, is_open, version, document,
  (extract(epoch FROM begun_at) * 1000000)::bigint,
  (extract(epoch FROM changed_at) * 1000000)::bigint
FROM procedures WHERE kind = $1::text ORDER BY id DESC LIMIT $2::integer)sql";

} // namespace

result<bool> postgres_store::begin_procedure(const procedure &fresh,
                                             const procedure_note &note) {
  act by(note.actor, note.reason);
  auto is_begun = false;
  auto work = [&](pqxx::nontransaction &transaction) {
    auto now = session_->now();
    auto id = fresh.id.to_string();
    auto added = transaction.exec_params(add_procedure, id, fresh.kind,
                                         parameter(fresh.document), now);
    is_begun = added.affected_rows() == 1;
    if (is_begun && !note.detail.empty())
      by.record(transaction, fresh.kind, id, note.detail, now);
    if (is_begun)
      return;
    auto open = transaction.exec_params(open_procedure, fresh.kind, id);
    is_begun = !open.empty() && open[0][0].as<bool>();
  };
  auto done = session_->write(
      "begin procedure", [&] { return by.describe(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return is_begun;
}

result<bool> postgres_store::save_procedure(const procedure &changed,
                                            const procedure_note &note) {
  act by(note.actor, note.reason);
  auto is_saved = false;
  auto work = [&](pqxx::nontransaction &transaction) {
    auto now = session_->now();
    auto id = changed.id.to_string();
    auto updated = transaction.exec_params(
        change_procedure, id, static_cast<long long>(changed.version),
        changed.is_open, parameter(changed.document), now);
    is_saved = updated.affected_rows() == 1;
    if (is_saved && !note.detail.empty())
      by.record(transaction, changed.kind, id, note.detail, now);
  };
  auto done = session_->write(
      "save procedure", [&] { return by.describe(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return is_saved;
}

result<std::vector<procedure>> postgres_store::procedures(std::string_view kind,
                                                          int limit) {
  std::vector<procedure> found;
  auto done =
      session_->look("procedures", [&](pqxx::nontransaction &transaction) {
        auto rows = transaction.exec_params(newest_procedures,
                                            std::string(kind), limit);
        for (const auto &row : rows)
          found.push_back({.id = *procedure_id::parse(row[0].c_str()),
                           .kind = std::string(kind),
                           .is_open = row[1].as<bool>(),
                           .version = row[2].as<std::int64_t>(),
                           .document = row[3].c_str(),
                           .begun_at = read_time(row[4].c_str()),
                           .changed_at = read_time(row[5].c_str())});
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

} // namespace sluice::db::postgres
