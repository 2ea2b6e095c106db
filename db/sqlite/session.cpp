#include "db/sqlite/session.hpp"

#include <algorithm>
#include <utility>

#include "db/model/ledger_rests.hpp"
#include "db/sqlite/accounts.hpp"
#include "db/sqlite/housekeeping.hpp"
#include "db/sqlite/inspection.hpp"
#include "db/sqlite/intake.hpp"
#include "db/sqlite/ledger.hpp"
#include "db/sqlite/moving.hpp"
#include "db/sqlite/queue.hpp"
#include "db/sqlite/reading.hpp"
#include "db/sqlite/session_calls.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr change_mode clients_wait{.where = fair_lock::line::first};
// Nobody was told of it but the process that ended with the power.
constexpr change_mode undone_by_power_loss{.is_durable = false};

} // namespace

session::session(std::shared_ptr<database_file> file,
                 std::unique_ptr<connection> reader)
    : file_(std::move(file)), reader_(std::move(reader)) {}

result<std::vector<accept_outcome>>
session::accept(std::span<const new_event> events,
                std::chrono::seconds window) {
  if (events.empty())
    return {};
  std::vector<accept_outcome> outcomes;
  auto answer = change(
      "accept",
      [&](connection &database, timestamp now) {
        outcomes = sqlite::accept(database, events, window, now);
        return outcomes;
      },
      clients_wait);
  if (!answer && answer.error().code == errc::in_doubt)
    answer.error().doubt = write_doubt(events, outcomes);
  return answer;
}

result<std::optional<std::vector<accept_outcome>>>
session::resolve(const error &doubt) {
  // To begin a change settles what a failed COMMIT left behind, so that the
  // answer is there by then. Only an accept may have been followed by a
  // restart, after which a COMMIT that failed may count.
  using settled = std::optional<std::vector<accept_outcome>>;
  auto is_done = doubt.doubt == doubt_of_disk;
  if (doubt.code == errc::in_doubt && (is_done || doubt.doubt.empty()))
    return change("resolve", [&](connection &, timestamp) {
      return is_done ? settled(std::in_place) : settled();
    });
  auto lost = read_doubt(doubt.doubt);
  if (!lost)
    return fail(errc::rejected, "resolve: this is no doubt of this store");
  return change("resolve", [&](connection &database, timestamp) {
    return was_committed(database, *lost) ? settled(lost->outcomes) : settled();
  });
}

result<claim> session::claim_items(const claim_request &request) {
  return change(
      "claim_items",
      [&](connection &database, timestamp now) {
        return sqlite::claim_items(database, request, now);
      },
      undone_by_power_loss);
}

result<int> session::move(claim_id fence) {
  return change(
      "move",
      [&](connection &database, timestamp now) {
        return sqlite::move(database, fence, now);
      },
      undone_by_power_loss);
}

result<move_outcome> session::move_each(claim_id fence,
                                        std::span<const event_id> ids) {
  return change(
      "move_each",
      [&](connection &database, timestamp now) {
        return sqlite::move_each(database, fence, ids, now);
      },
      undone_by_power_loss);
}

result<due_outcome> session::move_due(const due_request &request) {
  return change(
      "move_due",
      [&](connection &database, timestamp now) {
        return sqlite::move_due(database, request, now);
      },
      undone_by_power_loss);
}

result<fail_outcome> session::fail_items(claim_id fence,
                                         std::span<const failure> failures) {
  return change("fail_items", [&](connection &database, timestamp now) {
    return sqlite::fail_items(database, fence, failures, now);
  });
}

result<int> session::release(claim_id fence, std::span<const event_id> ids) {
  return change("release", [&](connection &database, timestamp) {
    return sqlite::release(database, fence, ids);
  });
}

result<rescue_outcome> session::rescue(const rescue_request &request) {
  return change("rescue", [&](connection &database, timestamp now) {
    return sqlite::rescue(database, request, now);
  });
}

result<queue_depth> session::depth(const depth_request &request) {
  return look("depth", [&](connection &database, timestamp now) {
    return sqlite::depth(database, request, now);
  });
}

result<backlogs> session::count_backlogs(long limit) {
  return look("count backlogs", [&](connection &database, timestamp) {
    return sqlite::count_backlogs(database, limit);
  });
}

result<int> session::enlist(const node &self) {
  return change("enlist", [&](connection &database, timestamp now) {
    return sqlite::enlist(database, self, now);
  });
}

result<bool> session::heartbeat(node_id self, std::int64_t gate_version) {
  return change("heartbeat", [&](connection &database, timestamp now) {
    return sqlite::heartbeat(database, self, gate_version, now);
  });
}

result<std::vector<node_view>> session::nodes() {
  return look("nodes", [&](connection &database, timestamp now) {
    return sqlite::nodes(database, now);
  });
}

result<int> session::retire(node_id self) {
  return change("retire", [&](connection &database, timestamp now) {
    return sqlite::retire(database, self, now);
  });
}

result<bool> session::hold_duty(node_id self, duty what,
                                std::chrono::milliseconds lease) {
  auto seen = look("hold_duty", [&](connection &database, timestamp now) {
    return look_at_duty(database, self, what, now - lease);
  });
  if (!seen)
    return tl::unexpected(std::move(seen.error()));
  if (*seen != duty_state::to_be_had)
    return *seen == duty_state::ours;
  return change("hold_duty", [&](connection &database, timestamp now) {
    return take_duty(database, self, what, now - lease, now);
  });
}

result<std::optional<event_view>> session::find_event(organization_id owner,
                                                      event_id id) {
  return look_at_what_stays("find_event", [&](connection &database, timestamp) {
    return sqlite::find_event(database, owner, id);
  });
}

result<std::vector<inbox_entry>> session::inbox(const inbox_query &query) {
  return look_at_what_stays("inbox", [&](connection &database, timestamp) {
    return sqlite::inbox(database, query);
  });
}

result<std::vector<ack_outcome>>
session::acknowledge(organization_id owner, std::span<const event_id> ids) {
  return change("acknowledge", [&](connection &database, timestamp now) {
    return sqlite::acknowledge(database, owner, ids, now);
  });
}

result<void> session::create_organization(const organization &owner,
                                          const api_key &key) {
  return drop_value(
      change("create_organization", [&](connection &database, timestamp now) {
        sqlite::create_organization(database, owner, key, now);
        return nothing{};
      }));
}

result<std::optional<principal>> session::find_key(const sha256_digest &hash) {
  return look("find_key", [&](connection &database, timestamp now) {
    return sqlite::find_key(database, hash, now);
  });
}

result<std::vector<api_key>> session::keys(organization_id owner) {
  return look("keys", [&](connection &database, timestamp now) {
    return sqlite::keys(database, owner, now);
  });
}

result<void> session::rotate_key(const api_key &fresh,
                                 std::chrono::seconds grace) {
  return drop_value(
      change("rotate_key", [&](connection &database, timestamp now) {
        sqlite::rotate_key(database, fresh, grace, now);
        return nothing{};
      }));
}

result<ledger_report> session::verify(int most,
                                      std::chrono::milliseconds limit) {
  return look_at_what_stays(
      "verify",
      [&](connection &database, timestamp now) {
        return compare_ledger(database, now, ledger_rests::within(limit))
            .report(most);
      },
      limit);
}

result<ledger_report> session::repair_ledger(std::string_view actor,
                                             std::string_view reason) {
  return change(
      "repair_ledger",
      [&](connection &database, timestamp now) {
        return sqlite::repair_ledger(database, actor, reason, now);
      },
      {.limit = std::max(file_->options.call_timeout, longest_repair)});
}

result<void> session::keep_verdict(const ledger_verdict &found) {
  return drop_value(
      change("keep_verdict", [&](connection &database, timestamp now) {
        sqlite::keep_verdict(database, found, now);
        return nothing{};
      }));
}

result<std::optional<ledger_verdict>> session::last_verdict() {
  return look("last_verdict", [&](connection &database, timestamp now) {
    return sqlite::last_verdict(database, now);
  });
}

result<compaction_outcome>
session::compact_ledger(const compaction_request &request) {
  return change(
      "compact_ledger",
      [&](connection &database, timestamp now) {
        return sqlite::compact_ledger(database, request, now);
      },
      undone_by_power_loss);
}

result<int> session::requeue(const item_order &order) {
  return change("requeue", [&](connection &database, timestamp now) {
    return sqlite::requeue(database, order, now);
  });
}

result<int> session::discard(const item_order &order) {
  return change("discard", [&](connection &database, timestamp now) {
    return sqlite::discard(database, order, now);
  });
}

result<std::vector<item_view>> session::list_items(const item_query &query) {
  return look("list_items", [&](connection &database, timestamp) {
    return sqlite::list_items(database, query);
  });
}

result<std::vector<audit_record>>
session::list_audit(const audit_query &query) {
  return look("list_audit", [&](connection &database, timestamp) {
    return sqlite::list_audit(database, query);
  });
}

} // namespace sluice::db::sqlite
