#include "db/sqlite/removal.hpp"

#include <set>
#include <string>

#include "db/sqlite/booking.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr char remove_queue[] =
    "DELETE FROM event_queue WHERE organization_id = ?1"
    " RETURNING id, status = 'quarantined'";
constexpr char remove_discarded[] =
    "DELETE FROM discarded WHERE organization_id = ?1 RETURNING id";
constexpr char remove_events[] =
    "DELETE FROM events WHERE organization_id = ?1 RETURNING id";
constexpr char remove_attempts[] =
    "DELETE FROM delivery_attempts WHERE delivery_id IN"
    " (SELECT id FROM event_deliveries"
    "  WHERE organization_id = ?1 AND next_attempt_at IS NOT NULL)";
// What has no events any more; those that refer to others come first.
constexpr const char *remove_rest[] = {
    remove_attempts,
    // Those of the inbox and those of webhooks have an index each.
    "DELETE FROM event_deliveries"
    " WHERE organization_id = ?1 AND next_attempt_at IS NULL",
    "DELETE FROM event_deliveries"
    " WHERE organization_id = ?1 AND next_attempt_at IS NOT NULL",
    "DELETE FROM dedup_keys WHERE organization_id = ?1",
    "DELETE FROM replays WHERE organization_id = ?1",
    "DELETE FROM endpoints WHERE organization_id = ?1",
    "DELETE FROM api_keys WHERE organization_id = ?1",
    "DELETE FROM organizations WHERE id = ?1",
};

std::set<event_id> remove_from_queue(connection &database,
                                     organization_id owner, timestamp now) {
  std::set<event_id> gone;
  // A drain counts them as discarded.
  ledger_entries waiting(database, "discarded", now);
  ledger_entries quarantined(database, "discarded_quarantined", now);
  auto rows = database.statement(remove_queue);
  rows.bind(1, owner);
  while (rows.next()) {
    gone.emplace(rows.id(0));
    (rows.number(1) != 0 ? quarantined : waiting).add(owner);
  }
  waiting.write();
  quarantined.write();
  return gone;
}

} // namespace

std::int64_t remove_organization(connection &database, organization_id owner,
                                 std::string_view actor,
                                 std::string_view reason, timestamp now) {
  auto gone = remove_from_queue(database, owner, now);
  for (const char *place : {remove_discarded, remove_events}) {
    auto rows = database.statement(place);
    rows.bind(1, owner);
    while (rows.next())
      gone.emplace(rows.id(0));
  }
  ledger_entries written_off(database, "written_off", now);
  for (const auto &id : gone)
    written_off.add(owner, id);
  const auto count = written_off.write();
  auto others = 0;
  for (const char *rest : remove_rest)
    others += database.statement(rest).bind(1, owner).run();
  if (count > 0 || others > 0)
    audit(database,
          {std::string(actor), "remove organization", owner.to_string(),
           std::string(reason), "events=" + std::to_string(count)},
          now);
  return count;
}

} // namespace sluice::db::sqlite
