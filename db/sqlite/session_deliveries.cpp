#include "db/sqlite/deliveries.hpp"
#include "db/sqlite/endpoints.hpp"
#include "db/sqlite/replays.hpp"
#include "db/sqlite/session_calls.hpp"

// Webhooks, and what is sent to them.
namespace sluice::db::sqlite {

namespace {

// What it loses is sent once more.
constexpr change_mode repeated_after_power_loss{.is_durable = false};

} // namespace

result<bool> session::create_endpoint(const endpoint &fresh, int most) {
  return change("create_endpoint", [&](connection &database, timestamp now) {
    return sqlite::create_endpoint(database, fresh, most, now);
  });
}

result<std::vector<endpoint>> session::endpoints(organization_id owner) {
  return look_at_what_stays("endpoints", [&](connection &database, timestamp) {
    return sqlite::endpoints(database, owner);
  });
}

result<std::optional<endpoint>> session::find_endpoint(organization_id owner,
                                                       endpoint_id id) {
  return look_at_what_stays("find_endpoint",
                            [&](connection &database, timestamp) {
                              return sqlite::find_endpoint(database, owner, id);
                            });
}

result<bool> session::save_endpoint(const endpoint &changed) {
  return change("save_endpoint", [&](connection &database, timestamp now) {
    return sqlite::save_endpoint(database, changed, now);
  });
}

result<bool> session::remove_endpoint(organization_id owner, endpoint_id id) {
  return change("remove_endpoint", [&](connection &database, timestamp now) {
    return sqlite::remove_endpoint(database, owner, id, now);
  });
}

result<int> session::skip_removed(int limit) {
  return change("skip_removed", [&](connection &database, timestamp now) {
    return sqlite::skip_removed(database, limit, now);
  });
}

result<std::vector<endpoint>> session::active_endpoints() {
  return look("active_endpoints", [&](connection &database, timestamp) {
    return sqlite::active_endpoints(database);
  });
}

result<delivery_claim>
session::claim_deliveries(const delivery_request &request) {
  return change(
      "claim_deliveries",
      [&](connection &database, timestamp now) {
        return sqlite::claim_deliveries(database, request, now);
      },
      repeated_after_power_loss);
}

result<record_outcome>
session::record_deliveries(std::span<const delivery_result> results) {
  return change(
      "record_deliveries",
      [&](connection &database, timestamp now) {
        return sqlite::record_deliveries(database, results, now);
      },
      repeated_after_power_loss);
}

result<int> session::rescue_deliveries(const delivery_rescue &request) {
  return change("rescue_deliveries", [&](connection &database, timestamp now) {
    return sqlite::rescue_deliveries(database, request, now);
  });
}

result<int> session::note_endpoints(std::span<const endpoint_note> notes) {
  return change("note_endpoints", [&](connection &database, timestamp now) {
    return sqlite::note_endpoints(database, notes, now);
  });
}

result<std::vector<attempt_record>>
session::delivery_attempts(organization_id owner, event_id event, int limit) {
  return look_at_what_stays(
      "delivery_attempts", [&](connection &database, timestamp) {
        return sqlite::delivery_attempts(database, owner, event, limit);
      });
}

result<delivery_depth> session::count_deliveries(int limit) {
  return look("count_deliveries", [&](connection &database, timestamp) {
    return sqlite::count_deliveries(database, limit);
  });
}

result<replay_outcome> session::replay_deliveries(const replay_order &order) {
  return change("replay_deliveries", [&](connection &database, timestamp now) {
    return sqlite::replay_deliveries(database, order, now);
  });
}

result<replay_beginning> session::begin_replay(const replay_request &fresh,
                                               int most) {
  return change("begin_replay", [&](connection &database, timestamp now) {
    return sqlite::begin_replay(database, fresh, most, now);
  });
}

result<replay_progress> session::continue_replays(int limit) {
  auto seen =
      look("continue_replays", [&](connection &database, timestamp now) {
        return replay_progress{.replayed = 0,
                               .next_in = next_replay(database, now)};
      });
  if (!seen || !seen->next_in || seen->next_in->count() > 0)
    return seen;
  return change("continue_replays", [&](connection &database, timestamp now) {
    return sqlite::continue_replays(database, limit, now);
  });
}

result<std::optional<replay_job>> session::find_replay(organization_id owner,
                                                       replay_id id) {
  return look_at_what_stays("find_replay",
                            [&](connection &database, timestamp) {
                              return sqlite::find_replay(database, owner, id);
                            });
}

result<std::vector<replay_job>> session::replays(organization_id owner,
                                                 endpoint_id endpoint) {
  return look_at_what_stays("replays", [&](connection &database, timestamp) {
    return sqlite::replays(database, owner, endpoint);
  });
}

result<std::optional<replay_job>> session::cancel_replay(organization_id owner,
                                                         replay_id id) {
  return change("cancel_replay", [&](connection &database, timestamp now) {
    return sqlite::cancel_replay(database, owner, id, now);
  });
}

} // namespace sluice::db::sqlite
