#pragma once

#include <string>
#include <vector>

#include "tests/db/conformance/bench.hpp"

/// What an operator's SQL can do to a store.
namespace sluice::tests {

inline void remove(bench &on, const std::string &table, db::event_id id) {
  on.store().execute("DELETE FROM " + table + " WHERE id = " + quoted(id));
}

inline constexpr char event_columns[] =
    "id, organization_id, type, payload, dedup_id";

/// Copies an event from the queue into the log, and leaves it in the queue.
inline void copy_into_log(bench &on, db::event_id id) {
  on.store().execute(
      std::string("INSERT INTO events (") + event_columns +
      ", inserted_at, accepted_at) SELECT " + event_columns +
      ", inserted_at, inserted_at FROM event_queue WHERE id = " + quoted(id));
}

/// Copies an event to `discarded`, and leaves it where it is.
inline void copy_to_discarded(bench &on, db::event_id id,
                              const std::string &from = "event_queue") {
  on.store().execute(std::string("INSERT INTO discarded (") + event_columns +
                     ", reason, discarded_by, discarded_at, accepted_at)"
                     " SELECT " +
                     event_columns +
                     ", 'none', 'nobody', inserted_at, "
                     "inserted_at FROM " +
                     from + " WHERE id = " + quoted(id));
}

/// An event that nobody has accepted, in the queue.
inline db::event_id add_surplus(bench &on) {
  auto id = db::event_id::generate();
  auto now = on.store().literal(on.clock().now());
  on.store().execute(std::string("INSERT INTO event_queue (") + event_columns +
                     ", status, attempts, not_before, inserted_at) VALUES (" +
                     quoted(id) + ", '" + on.owner().to_string() +
                     "', 't', '{}', NULL, 'pending', 0, " + now + ", " + now +
                     ")");
  return id;
}

inline void check_fault(const db::ledger_report &report,
                        db::ledger_fault::kind what, db::organization_id owner,
                        db::event_id id) {
  CHECK_FALSE(report.is_balanced());
  CHECK(report.fault_count == 1);
  REQUIRE(report.faults.size() == 1);
  CHECK(report.faults[0].what == what);
  CHECK(report.faults[0].owner == owner);
  CHECK(report.faults[0].id == id);
}

/// What an operator might have added: events of one type can't be stored.
inline std::vector<std::string>
refusing_trigger(const store_under_test &store) {
  if (store.name() == "sqlite")
    return {"CREATE TRIGGER refuse BEFORE INSERT ON events "
            "WHEN NEW.type = 'refused' "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END"};
  return {"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
          "$$ BEGIN RAISE EXCEPTION 'not this one'; END $$",
          "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW "
          "WHEN (NEW.type = 'refused') EXECUTE FUNCTION refuse()"};
}

/// What makes COMMIT refuse an event of the type `refused` in the log.
inline std::vector<std::string> refusing_commit(const store_under_test &store) {
  if (store.name() == "sqlite")
    return {"CREATE TABLE wanted (type TEXT PRIMARY KEY)",
            "CREATE TABLE seen (type TEXT REFERENCES wanted (type)"
            " DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TRIGGER refuse_late AFTER INSERT ON events "
            "WHEN NEW.type = 'refused' "
            "BEGIN INSERT INTO seen VALUES (NEW.type); END"};
  return {"CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS "
          "$$ BEGIN RAISE EXCEPTION 'not this one'; END $$",
          "CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON events "
          "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
          "WHEN (NEW.type = 'refused') EXECUTE FUNCTION refuse_late()"};
}

} // namespace sluice::tests
