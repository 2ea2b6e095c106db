#include "db/sqlite/accounts.hpp"
#include "db/sqlite/assessment.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/inspection.hpp"
#include "db/sqlite/overrides.hpp"
#include "db/sqlite/procedures.hpp"
#include "db/sqlite/removal.hpp"
#include "db/sqlite/retention.hpp"
#include "db/sqlite/session_calls.hpp"

// What operators turn, look at and mend, and what all nodes share.
namespace sluice::db::sqlite {

result<std::int64_t> session::remove_organization(organization_id owner,
                                                  std::string_view actor,
                                                  std::string_view reason) {
  return change(
      "remove_organization", [&](connection &database, timestamp now) {
        return sqlite::remove_organization(database, owner, actor, reason, now);
      });
}

result<prune_outcome> session::prune(const prune_request &request) {
  // What a loss of power brings back is removed once more.
  constexpr change_mode undone_together{.is_durable = false};
  return change(
      "prune",
      [&](connection &database, timestamp now) {
        return sqlite::prune(database, request, now);
      },
      undone_together);
}

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

result<assessment> session::assess(const assess_request &request) {
  return look_at_what_stays(
      "assess",
      [&](connection &database, timestamp now) {
        return sqlite::assess(database, request, now);
      },
      request.limit);
}

result<recovery_outcome> session::recover(const recovery_order &order) {
  return change("recover", [&](connection &database, timestamp now) {
    return sqlite::recover(database, order, now);
  });
}

result<std::vector<item_record>> session::find_item(event_id id,
                                                    bool with_payload) {
  return look_at_what_stays("find_item", [&](connection &database, timestamp) {
    return sqlite::find_item(database, id, with_payload);
  });
}

result<std::int64_t> session::note_act(const act_note &note) {
  return change("note_act", [&](connection &database, timestamp now) {
    return sqlite::note_act(database, note, now);
  });
}

result<void> session::note_outcome(std::int64_t position,
                                   std::string_view outcome) {
  return drop_value(
      change("note_outcome", [&](connection &database, timestamp) {
        sqlite::note_outcome(database, position, outcome);
        return nothing{};
      }));
}

} // namespace sluice::db::sqlite
