#include "http/in/routes/replay_jobs.hpp"

#include <chrono>
#include <utility>

#include "http/in/fields.hpp"
#include "http/in/refusals.hpp"
#include "http/in/rfc3339.hpp"
#include "http/in/routes/endpoint_change.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/in/routes/json_body.hpp"

namespace sluice::http {

namespace {

/// Running, of one organization.
constexpr int most_running_replays = 5;
constexpr long most_replays_a_second = 100'000;
constexpr int counted_at_once = 1000;
/// No count of a dry run begins later: a request is not to take longer than a
/// client waits.
constexpr std::chrono::seconds longest_dry_run{5};

/// What a client asks for.
struct asked_replay {
  db::replay_request job;
  bool is_dry_run = false;
};

problem no_such_replay() {
  problem out;
  out.status = 404;
  out.slug = "not-found";
  out.title = "Not found";
  out.detail = "no such replay";
  return out;
}

problem too_many_replays() {
  problem out;
  out.status = 409;
  out.slug = "too-many-replays";
  out.title = "Too many replays";
  out.detail = "there are " + std::to_string(most_running_replays) +
               " running, and that is all there may be: wait for one, or "
               "cancel it";
  return out;
}

std::optional<db::timestamp> read_moment(field_reader &fields,
                                         std::string_view name,
                                         const json_member *member) {
  const auto text = fields.string(member);
  if (!text)
    return std::nullopt;
  auto at = parse_rfc3339(*text);
  if (!at)
    fields.fault(name, "has to be a time such as 2026-01-31T12:00:00Z, from "
                       "1970 to 9999");
  return at;
}

tl::expected<asked_replay, problem> read_replay_request(const request &in) {
  json_scanner scanner;
  const auto body = scan_body(in, scanner);
  if (!body)
    return tl::unexpected(body.error());
  field_reader fields(*body, {"since", "until", "status", "rate", "dry_run"});
  asked_replay out;
  const auto since = read_moment(fields, "since", fields.require("since"));
  out.job.until = read_moment(fields, "until", fields.find("until"));
  if (since && out.job.until && *out.job.until <= *since)
    fields.fault("until", "has to be later than since");
  if (const auto status = fields.string(fields.find("status"))) {
    out.job.dead_letters_only = true;
    if (*status != "dead_letter")
      fields.fault("status", "may be dead_letter; without it, all are meant "
                             "that were delivered, skipped or given up");
  }
  out.job.rate = static_cast<int>(
      fields.integer(fields.find("rate"), 0, most_replays_a_second)
          .value_or(0));
  out.is_dry_run = fields.flag("dry_run");
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  out.job.since = since.value_or(db::timestamp());
  return out;
}

std::string quoted_member(std::string_view name, std::string_view value) {
  return json_string(name) + ':' + json_string(value);
}

std::string replay_document(const db::replay_job &job) {
  return '{' + quoted_member("id", job.id.to_string()) + ',' +
         quoted_member("endpoint_id", job.endpoint.to_string()) + ',' +
         quoted_member("state", db::to_string(job.state)) + ",\"reason\":" +
         (job.reason.empty() ? "null" : json_string(job.reason)) + ',' +
         quoted_member("since", db::to_rfc3339(job.since)) + ',' +
         quoted_member("until", db::to_rfc3339(job.until)) +
         ",\"status\":" + (job.dead_letters_only ? "\"dead_letter\"" : "null") +
         ',' + json_number("rate", job.rate) + ',' +
         json_number("examined", job.examined) + ',' +
         json_number("replayed", job.replayed) + ',' +
         quoted_member("started_at", db::to_rfc3339(job.started_at)) + ',' +
         quoted_member("updated_at", db::to_rfc3339(job.updated_at)) + '}';
}

/// How many a replay would make due, in steps so that others have their turn.
answer count_replay(service &shared, const db::replay_request &job) {
  const auto begun = std::chrono::steady_clock::now();
  db::replay_order order;
  order.organization = job.organization;
  order.endpoint = job.endpoint;
  order.since = job.since;
  order.until = job.until;
  order.dead_letters_only = job.dead_letters_only;
  order.limit = counted_at_once;
  order.is_dry_run = true;
  std::int64_t count = 0;
  do {
    const auto done =
        shared.gateway.ask<db::replay_outcome>([order](db::store &session) {
          return session.replay_deliveries(order);
        });
    if (!done)
      return tl::unexpected(endpoint_failure(done.error()));
    count += done->count;
    order.after = done->next;
  } while (order.after &&
           std::chrono::steady_clock::now() - begun < longest_dry_run);
  return json_answer(
      200, '{' + json_number("count", count) + ",\"is_complete\":" +
               (order.after ? "false" : "true") + ",\"dry_run\":true}");
}

/// The job in the path, after `call` has looked it up, or changed it.
template <class Call>
answer show_replay(service &shared, const tenant_call &of, Call call) {
  const auto id = db::replay_id::parse(of.in.path_values.front());
  if (!id)
    return tl::unexpected(no_such_replay());
  const auto owner = of.who.owner.id;
  const auto found = shared.gateway.ask<std::optional<db::replay_job>>(
      [owner, id = *id, call](db::store &session) {
        return call(session, owner, id);
      });
  if (!found)
    return tl::unexpected(store_failure(found.error()));
  if (!*found)
    return tl::unexpected(no_such_replay());
  return json_answer(200, replay_document(**found));
}

} // namespace

answer post_replay(service &shared, tenant_call &call) {
  using kind = db::replay_beginning::kind;
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  auto asked = read_replay_request(call.in);
  if (!asked)
    return tl::unexpected(std::move(asked.error()));
  asked->job.id = db::replay_id::generate();
  asked->job.organization = call.who.owner.id;
  asked->job.endpoint = *id;
  if (asked->is_dry_run) {
    if (auto there = endpoint_of(shared, call.who.owner.id, *id); !there)
      return tl::unexpected(std::move(there.error()));
    return count_replay(shared, asked->job);
  }
  const auto begun = shared.gateway.ask<db::replay_beginning>(
      [job = asked->job](db::store &session) {
        return session.begin_replay(job, most_running_replays);
      });
  if (!begun)
    return tl::unexpected(endpoint_failure(begun.error()));
  if (begun->what == kind::no_endpoint)
    return tl::unexpected(no_such_endpoint());
  if (begun->what == kind::too_many)
    return tl::unexpected(too_many_replays());
  return json_answer(202, replay_document(begun->job));
}

answer get_replays(service &shared, tenant_call &call) {
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  const auto owner = call.who.owner.id;
  if (auto there = endpoint_of(shared, owner, *id); !there)
    return tl::unexpected(std::move(there.error()));
  const auto found = shared.gateway.ask<std::vector<db::replay_job>>(
      [owner, id = *id](db::store &session) {
        return session.replays(owner, id);
      });
  if (!found)
    return tl::unexpected(store_failure(found.error()));
  std::string list;
  for (const auto &job : *found)
    list += std::string(list.empty() ? "" : ",") + replay_document(job);
  return json_answer(200, "{\"replays\":[" + list + "]}");
}

answer get_replay(service &shared, tenant_call &call) {
  return show_replay(
      shared, call,
      [](db::store &session, db::organization_id owner, db::replay_id id) {
        return session.find_replay(owner, id);
      });
}

answer delete_replay(service &shared, tenant_call &call) {
  return show_replay(
      shared, call,
      [](db::store &session, db::organization_id owner, db::replay_id id) {
        return session.cancel_replay(owner, id);
      });
}

} // namespace sluice::http
