#include "http/in/routes/assessment.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "actors/record.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/findings.hpp"
#include "http/in/routes/inspection.hpp"
#include "http/in/routes/query.hpp"

namespace sluice::http {

namespace {

std::string fault_json(const db::ledger_fault &one) {
  return actors::to_text(actors::facts_of(one));
}

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

constexpr int named_of_each = 5;
constexpr int named_faults = 100;
// What one recovery takes from the queue, and what one rescue takes.
constexpr int most_mended = 10'000;
// By one transaction: its entry in the audit log names them.
constexpr std::size_t mended_at_once = 1'000;

std::string truth(std::string_view name, bool value) {
  return '"' + std::string(name) + "\":" + (value ? "true" : "false");
}

db::assess_request make_request(const service &shared, int most_faults) {
  const auto now = shared.settings_now();
  db::assess_request out;
  out.stuck = {.stuck_after = now->processor.stuck_item_timeout,
               .node_dead_after = now->node.dead_after};
  out.max_attempts = now->processor.max_attempts;
  out.most = named_of_each;
  out.most_faults = most_faults;
  // The other half of the patience is for a look without the books, or for
  // what follows.
  out.limit = shared.gateway.patience() / 2;
  return out;
}

db::result<db::assessment> look(service &shared,
                                const db::assess_request &request) {
  return shared.gateway.ask_apart<db::assessment>(
      request.limit,
      [request](db::store &session) { return session.assess(request); });
}

db::result<db::assessment> look_without_books(service &shared,
                                              db::assess_request request) {
  request.checks_books = false;
  return shared.gateway.ask<db::assessment>(
      [request](db::store &session) { return session.assess(request); });
}

/// With nothing that takes long.
db::result<db::assessment> look_quickly(service &shared,
                                        db::assess_request request) {
  request.looks_for_doubled = false;
  return look_without_books(shared, request);
}

/// With as much of it as there is time for: a report that lacks the books is
/// worth more than none.
db::result<db::assessment> assess(service &shared,
                                  const db::assess_request &request) {
  auto found = look(shared, request);
  auto less = request;
  less.limit = request.limit / 2;
  if (!found)
    found = look_without_books(shared, less);
  return found ? std::move(found) : look_quickly(shared, less);
}

std::string queue_json(const db::queue_depth &depth) {
  using seconds = std::chrono::duration<double>;
  const auto oldest =
      depth.oldest_pending
          ? std::to_string(seconds(*depth.oldest_pending).count())
          : "null";
  return '{' + json_number("pending", depth.pending) + ',' +
         json_number("processing", depth.processing) + ',' +
         json_number("quarantined", depth.quarantined) + ',' +
         truth("exact", depth.exact) + ",\"oldest_pending_seconds\":" + oldest +
         '}';
}

std::string holder_json(const db::stuck_holder &one) {
  return "{\"claimed_by\":" + json_string_or_null(one.claimed_by) +
         ",\"name\":" + json_string_or_null(one.name) + ',' +
         json_number("count", one.count) +
         ",\"since\":" + json_time_or_null(one.since) + '}';
}

std::string stuck_json(const db::assessment &seen) {
  return '{' + json_number("count", seen.depth.stuck) + ',' +
         json_number("exhausted", seen.exhausted) +
         ",\"holders\":" + json_list(seen.holders, holder_json) +
         ",\"items\":" + json_list(seen.stuck, item_json) + '}';
}

std::string stored_json(const db::arrivals &stored) {
  return '{' + json_number("last_minute", stored.last_minute) + ',' +
         json_number("last_hour", stored.last_hour) + ',' +
         truth("exact", stored.is_exact) +
         ",\"newest_at\":" + json_time_or_null(stored.newest) + '}';
}

std::string error_json(const db::error_count &one) {
  return "{\"error\":" + json_string_or_null(one.error) + ',' +
         json_number("count", one.count) + ",\"newest_id\":\"" +
         one.newest.to_string() + "\"}";
}

std::string errors_json(const db::error_counts &counts) {
  return '{' + json_number("count", counts.items) + ',' +
         truth("exact", counts.is_exact) +
         ",\"errors\":" + json_list(counts.most, error_json) + '}';
}

std::string doubled_json(const db::doubled_item &one) {
  return "{\"id\":\"" + one.id.to_string() + "\",\"organization_id\":\"" +
         one.organization.to_string() + "\",\"status\":\"" +
         std::string(db::to_string(one.status)) + "\"," +
         truth("is_same", one.is_same) + '}';
}

std::string doubled_json(const db::assessment &seen) {
  const auto count =
      seen.doubled_count ? std::to_string(*seen.doubled_count) : "null";
  return "{\"count\":" + count + ",\"items\":" +
         json_list(seen.doubled,
                   [](const auto &one) { return doubled_json(one); }) +
         '}';
}

/// What is known of the books, by a check now or an earlier one.
std::string books_json(const db::assessment &seen) {
  std::string balanced = "null";
  std::int64_t faults = 0;
  std::optional<db::timestamp> at;
  if (seen.books) {
    balanced = seen.books->is_balanced() ? "true" : "false";
    faults = seen.books->fault_count;
    at = seen.books->at;
  } else if (seen.verdict) {
    balanced = seen.verdict->is_balanced ? "true" : "false";
    faults = seen.verdict->fault_count;
    at = seen.verdict->checked_at;
  }
  return '{' + truth("checked_now", seen.books.has_value()) +
         ",\"balanced\":" + balanced +
         ",\"checked_at\":" + json_time_or_null(at) + ',' +
         json_number("fault_count", faults) + ",\"faults\":" +
         (seen.books ? json_list(seen.books->faults, fault_json) : "[]") + '}';
}

std::string silent_node_json(const db::node_view &one) {
  return "{\"id\":\"" + one.who.id.to_string() +
         "\",\"name\":" + json_string(one.who.name) + ',' +
         json_number("silent_for_ms", one.silent_for.count() / 1000) + '}';
}

std::string dials_json(const db::gate_state &gate) {
  return "{\"ingest\":\"" + std::string(to_string(gate.ingest)) +
         "\",\"processing\":\"" + std::string(to_string(gate.processing)) +
         "\",\"delivery\":\"" + std::string(to_string(gate.delivery)) + "\"," +
         json_number("version", gate.version) +
         ",\"changed_by\":" + json_string(gate.changed_by) +
         ",\"reason\":" + json_string(gate.reason) + '}';
}

std::string finding_json(const finding &one) {
  return "{\"code\":\"" + std::string(one.code) + "\"," +
         json_number("count", one.count) + ",\"next\":\"" +
         std::string(one.next) + "\"}";
}

std::string to_json(const db::assessment &seen, const config::settings &now) {
  const auto findings = findings_of(seen, now);
  return "{\"at\":\"" + db::to_rfc3339(seen.at) + "\"," +
         truth("is_sound", findings.empty()) +
         ",\"findings\":" + json_list(findings, finding_json) +
         ",\"queue\":" + queue_json(seen.depth) +
         ",\"stuck\":" + stuck_json(seen) +
         ",\"stored\":" + stored_json(seen.stored) +
         ",\"in_log_already\":" + doubled_json(seen) +
         ",\"quarantined\":" + errors_json(seen.quarantined) +
         ",\"retrying\":" + errors_json(seen.retrying) +
         ",\"ledger\":" + books_json(seen) + ",\"nodes\":{" +
         json_number("count", static_cast<std::int64_t>(seen.nodes.size())) +
         ",\"silent\":" + json_list(silent_nodes(seen, now), silent_node_json) +
         "},\"dials\":" + dials_json(seen.gate) + '}';
}

/// What is wrong and stays so, when a recovery has mended its part.
std::string left_json(const db::assessment &seen, const config::settings &now) {
  auto left = findings_of(seen, now);
  std::erase_if(left, [](const finding &one) {
    return one.code == "stuck" || one.code == "in_log_already";
  });
  return json_list(left, finding_json);
}

/// The faults that a recovery leaves, as far as they are named.
std::string left_faults_json(const db::assessment &seen) {
  std::set<std::pair<db::event_id, db::organization_id>> mended;
  for (const auto &one : seen.doubled)
    if (one.is_same)
      mended.emplace(one.id, one.organization);
  std::vector<db::ledger_fault> left;
  if (seen.books)
    for (const auto &fault : seen.books->faults)
      if (left.size() < named_faults &&
          !mended.contains({fault.id, fault.owner}))
        left.push_back(fault);
  return json_list(left, fault_json);
}

/// What a recovery has done, or would do, and whether that is not all of it.
struct recovery_sum {
  db::recovery_outcome done{};
  bool has_more = false;
  bool is_trial = false;
};

answer tell(const db::assessment &seen, const config::settings &now,
            const recovery_sum &sum) {
  return json_answer(200, '{' + truth("dry_run", sum.is_trial) + ',' +
                              json_number("rescued", sum.done.rescued) + ',' +
                              json_number("quarantined", sum.done.quarantined) +
                              ',' + json_number("unqueued", sum.done.unqueued) +
                              ',' + truth("has_more", sum.has_more) + ',' +
                              truth("books_checked", seen.books.has_value()) +
                              ",\"left\":" + left_json(seen, now) +
                              ",\"faults\":" + left_faults_json(seen) + '}');
}

bool names_all(const db::assessment &seen) {
  return seen.doubled_count.value_or(0) ==
         static_cast<std::int64_t>(seen.doubled.size());
}

/// Mends these, and what is stuck, in one transaction.
db::result<db::recovery_outcome>
recover_some(service &shared, const db::assess_request &looked,
             std::vector<db::doubled_item> doubled, const order_reason &why) {
  return shared.gateway.ask<db::recovery_outcome>(
      [looked, doubled = std::move(doubled), why](db::store &session) {
        return session.recover({.rescue = {.stuck = looked.stuck,
                                           .max_attempts = looked.max_attempts},
                                .doubled = doubled,
                                .actor = why.actor,
                                .reason = why.reason});
      });
}

/// In steps, so that no client waits for all of them, and as far as there is
/// time.
db::result<recovery_sum> recover_steps(service &shared,
                                       const db::assess_request &looked,
                                       const db::assessment &seen,
                                       const order_reason &why) {
  recovery_sum sum{.has_more = !names_all(seen)};
  const auto deadline = clock::now() + shared.gateway.patience() / 4;
  std::span<const db::doubled_item> left = seen.doubled;
  do {
    const auto some = left.first(std::min(left.size(), mended_at_once));
    const auto done =
        recover_some(shared, looked, {some.begin(), some.end()}, why);
    if (!done)
      return tl::unexpected(done.error());
    sum.done.rescued += done->rescued;
    sum.done.quarantined += done->quarantined;
    sum.done.unqueued += done->unqueued;
    left = left.subspan(some.size());
  } while (!left.empty() && clock::now() < deadline);
  sum.has_more = sum.has_more || !left.empty() ||
                 sum.done.rescued + sum.done.quarantined >= most_mended;
  return sum;
}

recovery_sum preview_of(const db::assessment &seen) {
  recovery_sum sum{.has_more = !names_all(seen), .is_trial = true};
  sum.done.rescued = static_cast<int>(seen.depth.stuck - seen.exhausted);
  sum.done.quarantined = static_cast<int>(seen.exhausted);
  sum.done.unqueued =
      static_cast<int>(std::min<std::int64_t>(mendable(seen), most_mended));
  return sum;
}

/// Mends first, and looks at the books afterwards: what is in the queue and in
/// the log is found without them.
answer recover(service &shared, const order_reason &why, bool is_trial) {
  const auto begun = clock::now();
  auto request = make_request(shared, most_mended);
  request.checks_books = false;
  auto seen = look(shared, request);
  if (!seen)
    return tl::unexpected(store_failure(seen.error()));
  const auto sum = is_trial ? db::result<recovery_sum>(preview_of(*seen))
                            : recover_steps(shared, request, *seen, why);
  if (!sum)
    return tl::unexpected(store_failure(sum.error()));
  if (!is_trial && sum->done.rescued > 0)
    shared.gateway.poll_now();
  request.checks_books = true;
  request.limit = std::chrono::duration_cast<milliseconds>(
      shared.gateway.patience() - (clock::now() - begun));
  if (!sum->has_more && request.limit.count() > 0)
    if (auto after = look(shared, request))
      seen = std::move(after);
  return tell(*seen, *shared.settings_now(), *sum);
}

} // namespace

answer get_assess(service &shared, const request &in) {
  query_reader reader(in, {"books"});
  const auto books = reader.find("books").value_or("check");
  if (books != "check" && books != "last")
    reader.fault("books", "has to be check or last");
  if (!reader.is_good())
    return tl::unexpected(reader.refusal());
  const auto now = shared.settings_now();
  const auto request = make_request(shared, named_faults);
  const auto seen = books == "check" ? assess(shared, request)
                                     : look_quickly(shared, request);
  if (!seen)
    return tl::unexpected(read_failure(seen.error()));
  return json_answer(200, to_json(*seen, *now));
}

answer post_recover(service &shared, const request &in) {
  return read_order(in, {"actor", "reason", "dry_run"},
                    [&](field_reader &fields) -> answer {
                      const auto why = read_reason(fields);
                      const bool is_trial = fields.flag("dry_run");
                      if (!fields.is_good())
                        return tl::unexpected(fields.refusal());
                      return recover(shared, why, is_trial);
                    });
}

db::result<db::assessment> assess_quickly(service &shared) {
  return look_quickly(shared, make_request(shared, named_faults));
}

} // namespace sluice::http
