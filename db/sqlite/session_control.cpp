#include "db/sqlite/accounts.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/overrides.hpp"
#include "db/sqlite/procedures.hpp"
#include "db/sqlite/session_calls.hpp"

// What operators turn, and what all nodes share.
namespace sluice::db::sqlite {

result<gate_state> session::gate() {
  return look_at_what_stays("gate", [&](connection &database, timestamp now) {
    return read_gate(database, now);
  });
}

result<std::optional<gate_state>>
session::change_gate(const gate_change &change_of) {
  if (change_of.processing == processing_mode::drained)
    return fail(errc::rejected,
                "change_gate: nobody but the store finishes a drain");
  return change("change_gate", [&](connection &database, timestamp now) {
    return sqlite::change_gate(database, change_of, now);
  });
}

result<std::optional<drain_certificate>> session::finish_drain() {
  return change("finish_drain", [&](connection &database, timestamp now) {
    return sqlite::finish_drain(database, now);
  });
}

result<std::optional<drain_certificate>> session::last_drain() {
  return look_at_what_stays("last_drain", [&](connection &database, timestamp) {
    return sqlite::last_drain(database);
  });
}

result<setting_overrides> session::overrides() {
  return look_at_what_stays("overrides", [&](connection &database, timestamp) {
    return sqlite::overrides(database);
  });
}

result<std::optional<setting_overrides>>
session::change_overrides(const override_change &change_of) {
  return change("change_overrides", [&](connection &database, timestamp now) {
    return sqlite::change_overrides(database, change_of, now);
  });
}

result<bool> session::begin_procedure(const procedure &fresh,
                                      const procedure_note &note) {
  return change("begin_procedure", [&](connection &database, timestamp now) {
    return sqlite::begin_procedure(database, fresh, note, now);
  });
}

result<bool> session::save_procedure(const procedure &changed,
                                     const procedure_note &note) {
  return change("save_procedure", [&](connection &database, timestamp now) {
    return sqlite::save_procedure(database, changed, note, now);
  });
}

result<std::vector<procedure>> session::procedures(std::string_view kind,
                                                   int limit) {
  return look_at_what_stays("procedures", [&](connection &database, timestamp) {
    return sqlite::procedures(database, kind, limit);
  });
}

result<std::string> session::shared_secret(std::string_view name) {
  return change("shared_secret", [&](connection &database, timestamp now) {
    return sqlite::shared_secret(database, name, now);
  });
}

} // namespace sluice::db::sqlite
