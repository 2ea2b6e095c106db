#include <algorithm>

#include "db/postgres/encoding.hpp"
#include "db/postgres/gate_queries.hpp"
#include "db/postgres/looks.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

constexpr std::size_t longest_reason = 1000;

doubt ask_about_fence(doubt::question what, claim_id fence,
                      std::span<const event_id> ids) {
  doubt described;
  described.what = what;
  described.row = fence.value();
  described.ids.assign(ids.begin(), ids.end());
  return described;
}

std::string retry_delays(std::span<const failure> failures) {
  return array_of(failures, [](std::string &array, const failure &item) {
    using std::chrono::microseconds;
    array += item.retry_in
                 ? std::to_string(microseconds(*item.retry_in).count())
                 : "NULL";
  });
}

long long to_microseconds(std::chrono::milliseconds length) {
  return std::chrono::microseconds(length).count();
}

std::optional<std::string> floors_of(const lane_memory::hint &hint) {
  if (hint.looks_at_all)
    return std::nullopt;
  return array_of(hint.floors, [](std::string &array, const auto &floor) {
    if (floor)
      append_quoted(array, to_rfc3339(*floor));
    else
      array += "NULL";
  });
}

/// Whether these rows of `sluice_claim`, or its like, say so.
bool is_paused(const pqxx::result &rows) {
  return rows.back()[2].is_null();
}

} // namespace

result<claim> postgres_store::claim_of_owner(const claim_request &request) {
  claim taken{request.id, {}, false};
  auto describe = [&] {
    return ask_about_fence(doubt::question::fence_set, request.id, {});
  };
  auto work = [&](pqxx::nontransaction &transaction, const pqxx::result &) {
    taken.is_paused = transaction.exec1(sql::is_claiming_paused)[0].as<bool>();
    if (taken.is_paused)
      return;
    auto rows = transaction.exec_params(
        sql::claim_of_owner, request.id.to_string(), request.node.to_string(),
        request.owner->to_string(), request.limit, session_->now());
    for (const auto &row : rows)
      taken.items.push_back({event_id(read_uuid(row[0].c_str())),
                             row[1].as<int>(), *request.owner});
  };
  auto done = session_->write_after(
      "claim", describe, [] { return std::string(sql::enter_gate); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return taken;
}

result<claim> postgres_store::claim_items(const claim_request &request) {
  if (request.owner)
    return claim_of_owner(request);
  claim taken{request.id, {}, false};
  auto describe = [&] {
    return ask_about_fence(doubt::question::fence_set, request.id, {});
  };
  auto hint = lanes_.recall(lane_memory::clock::now());
  auto make = [&] {
    return call_text("sluice_claim",
                     {request.id.to_string(), request.node.to_string(),
                      std::to_string(request.limit), session_->now(),
                      floors_of(hint), std::to_string(hint.busy)});
  };
  auto take = [&](const pqxx::result &rows) {
    taken.is_paused = is_paused(rows);
    taken.items = read_items(rows, hint);
  };
  auto done = session_->write_once("claim", describe, make, take,
                                   session::durability::relaxed);
  if (!done) {
    lanes_.forget(); // what it took has come back
    return tl::unexpected(std::move(done.error()));
  }
  return taken;
}

result<due_outcome> postgres_store::move_due(const due_request &request) {
  due_outcome outcome;
  auto hint = lanes_.recall(lane_memory::clock::now());
  auto make = [&] {
    return call_text("sluice_move_due",
                     {request.node.to_string(), std::to_string(request.limit),
                      session_->now(), floors_of(hint),
                      std::to_string(hint.busy)});
  };
  auto take = [&](const pqxx::result &rows) {
    outcome.is_paused = is_paused(rows);
    outcome.moved = read_items(rows, hint);
  };
  // What a lost call moved is not due any more: the next one may come at once.
  auto done = session_->write_once(
      "move", [] { return doubt(); }, make, take);
  if (!done) {
    lanes_.forget(); // what it took has come back
    return tl::unexpected(std::move(done.error()));
  }
  return outcome;
}

std::vector<claimed_item>
postgres_store::read_items(const pqxx::result &rows,
                           const lane_memory::hint &hint) {
  std::vector<claimed_item> items;
  if (is_paused(rows))
    return items;
  const auto &about = rows.back();
  lane_memory::look seen{.at = read_time(about[2].c_str()),
                         .spent = about[1].as<unsigned>(),
                         .saw_all = about[5].as<bool>()};
  for (const auto &row : rows) {
    if (row[0].is_null())
      break;
    items.push_back({event_id(read_uuid(row[0].c_str())), row[1].as<int>(),
                     organization_id(read_uuid(row[4].c_str()))});
    seen.took(row[3].as<int>(), read_time(row[2].c_str()));
  }
  lanes_.note(seen, hint.asked_at);
  return items;
}

result<int> postgres_store::move(claim_id fence) {
  auto moved = 0;
  auto describe = [&] {
    return ask_about_fence(doubt::question::fence_left, fence, {});
  };
  auto make = [&] {
    return call_text("sluice_move", {fence.to_string(), session_->now()});
  };
  auto done = session_->write_once(
      "move", describe, make,
      [&](const pqxx::result &rows) { moved = rows.at(0)[0].as<int>(); });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return moved;
}

result<move_outcome> postgres_store::move_each(claim_id fence,
                                               std::span<const event_id> ids) {
  move_outcome outcome;
  if (ids.empty())
    return outcome;
  auto describe = [&] {
    return ask_about_fence(doubt::question::fence_left, fence, ids);
  };
  auto make = [&] {
    return call_text("sluice_move_each",
                     {fence.to_string(), array_of(ids), session_->now()});
  };
  auto use = [&](const pqxx::result &rows) {
    for (const auto &row : rows) {
      if (row[0].is_null())
        outcome.moved = row[3].as<int>();
      else
        outcome.refused.push_back(
            {event_id(read_uuid(row[0].c_str())),
             "move: " + refusal_text(row[1].c_str(), row[2].c_str())});
    }
  };
  auto done = session_->write_once("move", describe, make, use);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  outcome.lost =
      static_cast<int>(ids.size() - outcome.refused.size()) - outcome.moved;
  return outcome;
}

result<fail_outcome>
postgres_store::fail_items(claim_id fence, std::span<const failure> failures) {
  fail_outcome outcome;
  if (failures.empty())
    return outcome;
  std::vector<event_id> ids;
  for (const auto &item : failures)
    ids.push_back(item.id);
  auto describe = [&] {
    return ask_about_fence(doubt::question::fence_left, fence, ids);
  };
  lanes_.forget();
  auto done =
      session_->write("fail", describe, [&](pqxx::nontransaction &transaction) {
        auto reasons =
            array_of(failures, [](std::string &array, const failure &item) {
              append_quoted(array, storable_line(item.reason, longest_reason));
            });
        auto row = transaction.exec_params1(
            sql::fail_items, fence.to_string(),
            array_of(std::span<const event_id>(ids)), reasons,
            retry_delays(failures), session_->now());
        outcome.retried = row[0].as<int>();
        outcome.quarantined = row[1].as<int>();
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  outcome.lost =
      static_cast<int>(failures.size()) - outcome.retried - outcome.quarantined;
  return outcome;
}

result<int> postgres_store::release(claim_id fence,
                                    std::span<const event_id> ids) {
  auto released = 0;
  auto describe = [&] {
    return ask_about_fence(doubt::question::fence_left, fence, ids);
  };
  lanes_.forget();
  auto done = session_->write(
      "release", describe, [&](pqxx::nontransaction &transaction) {
        released =
            static_cast<int>(transaction
                                 .exec_params(sql::release_items,
                                              fence.to_string(), array_of(ids))
                                 .affected_rows());
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return released;
}

result<rescue_outcome> postgres_store::rescue(const rescue_request &request) {
  rescue_outcome outcome;
  lanes_.forget();
  auto done = session_->write(
      "rescue", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        auto row = transaction.exec_params1(
            sql::rescue_items, to_microseconds(request.stuck.stuck_after),
            to_microseconds(request.stuck.node_dead_after),
            request.max_attempts, session_->now());
        outcome = {row[0].as<int>(), row[1].as<int>()};
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return outcome;
}

queue_depth look_at_depth(pqxx::nontransaction &transaction,
                          const depth_request &request,
                          const std::optional<std::string> &now) {
  const auto limit = request.limit;
  std::optional<long long> stuck_after;
  std::optional<long long> dead_after;
  if (request.stuck) {
    stuck_after = to_microseconds(request.stuck->stuck_after);
    dead_after = to_microseconds(request.stuck->node_dead_after);
  }
  // One more than asked for tells a full count from one that stopped.
  auto row = transaction.exec_params1(
      sql::queue_depth, static_cast<long long>(limit) + 1, now, stuck_after,
      dead_after, depth_looks_for_stuck);
  queue_depth counted;
  for (auto [at, count] :
       {std::pair(0, &counted.pending), std::pair(1, &counted.processing),
        std::pair(2, &counted.quarantined)}) {
    auto seen = row[at].as<long>();
    counted.exact = counted.exact && seen <= limit;
    *count = std::min(seen, limit);
  }
  counted.stuck = std::min(row[3].as<long>(), limit);
  if (!row[4].is_null())
    counted.oldest_pending = std::chrono::microseconds(row[4].as<long long>());
  return counted;
}

result<queue_depth> postgres_store::depth(const depth_request &request) {
  queue_depth counted;
  auto done = session_->read(
      "depth",
      [&](pqxx::nontransaction &transaction) {
        counted = look_at_depth(transaction, request, session_->now());
      },
      session::planning::by_index);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return counted;
}

result<backlogs> postgres_store::count_backlogs(long limit) {
  backlogs counted;
  auto done = session_->read(
      "count backlogs",
      [&](pqxx::nontransaction &transaction) {
        auto rows = transaction.exec_params(sql::count_backlogs,
                                            static_cast<long long>(limit));
        long sum = 0;
        for (const auto &row : rows) {
          counted.found.push_back(
              {organization_id(read_uuid(row[0].c_str())), row[1].as<long>()});
          sum += counted.found.back().pending;
        }
        counted.exact = sum < limit;
      },
      session::planning::by_index);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return counted;
}

} // namespace sluice::db::postgres
