#include "http/in/routes/gate.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "actors/record.hpp"
#include "actors/rollback/standing.hpp"
#include "db/model/gate_rows.hpp"
#include "http/in/refusals.hpp"

namespace sluice::http {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr long longest_seconds = 30L * 24 * 60 * 60;
// How long a change waits for other nodes, unless it says otherwise.
constexpr long default_wait_ms = 2'000;
constexpr long longest_wait_ms = 5'000;

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

/// The members of a state, without braces.
std::string members_of(const db::gate_state &state) {
  return "\"version\":" + std::to_string(state.version) +
         ",\"ingest\":" + in_quotes(to_string(state.ingest)) +
         ",\"processing\":" + in_quotes(to_string(state.processing)) +
         ",\"delivery\":" + in_quotes(to_string(state.delivery)) +
         ",\"retry_after\":" + std::to_string(state.retry_after.count()) +
         ",\"resume_at\":" + json_time_or_null(state.resume_at) +
         ",\"drain_until\":" + json_time_or_null(state.drain_until) +
         ",\"changed_by\":" + json_string(state.changed_by) +
         ",\"reason\":" + json_string(state.reason) + ",\"changed_at\":" +
         (state.version > 0 ? in_quotes(db::to_rfc3339(state.changed_at))
                            : "null");
}

std::string seconds_to_empty(long left, double per_second) {
  if (left == 0)
    return "0";
  if (per_second <= 0)
    return "null";
  return std::to_string(
      std::lround(std::ceil(static_cast<double>(left) / per_second)));
}

/// What is left of the queue, how fast it goes, and when it will be empty.
std::string drain_progress(const db::gate_state &state,
                           const db::queue_depth &depth,
                           const actors::health_sample &sample) {
  const auto left = depth.pending + depth.processing;
  const auto coming =
      state.ingest == db::ingest_mode::async ? sample.accepted_per_minute : 0;
  const auto per_second = sample.stored_per_minute > 0
                              ? (sample.stored_per_minute - coming) / 60
                              : 0;
  return "{\"left\":" + std::to_string(left) +
         ",\"is_exact\":" + (depth.exact ? "true" : "false") +
         ",\"stored_per_minute\":" +
         std::to_string(std::lround(sample.stored_last_minute)) +
         ",\"seconds_left\":" + seconds_to_empty(left, per_second) + '}';
}

problem version_changed(std::int64_t version) {
  problem out;
  out.status = 409;
  out.slug = "version-changed";
  out.title = "The gate was changed meanwhile";
  out.detail = "it is at version " + std::to_string(version) +
               "; look at it and decide again";
  out.extensions.emplace_back("version", std::to_string(version));
  return out;
}

using standing = std::optional<actors::rollback_standing>;

std::string rollback_member(const standing &rollback) {
  return ",\"rollback\":" + actors::to_text(to_json(rollback));
}

/// The rollback that holds the dials where they stand.
db::result<standing> look_at_rollback(service &shared,
                                      const db::gate_state &now) {
  return shared.gateway.ask<standing>(
      [now](db::store &session) { return actors::standing_in(session, now); });
}

/// The time that turns all dials back would end it, without its undo.
problem rollback_holds(const actors::rollback_standing &rollback) {
  problem out;
  out.status = 409;
  out.slug = "rollback-holds";
  out.title = "A rollback holds the dials";
  out.detail =
      describe(rollback) +
      "; resume_after would turn all dials back to normal, and so "
      "end it: leave it out (--resume-after), or go back first (`" +
      (rollback.is_under_way() ? "rollback abort" : "rollback apply --undo") +
      "`)";
  return out;
}

answer tell(service &shared, const db::result<actors::gate_answer> &done) {
  if (!done)
    return tl::unexpected(store_failure(done.error()));
  if (!done->is_made)
    return tl::unexpected(version_changed(done->state.version));
  // The change is made, whether this can be told or not.
  const auto rollback =
      look_at_rollback(shared, done->state).value_or(standing());
  std::string behind;
  for (const auto &name : done->behind)
    behind += (behind.empty() ? "" : ",") + json_string(name);
  return json_answer(200, '{' + members_of(done->state) +
                              rollback_member(rollback) +
                              ",\"nodes_behind\":[" + behind + "]}");
}

/// What every change may say beside what it changes.
struct change_request {
  db::gate_change change;
  milliseconds wait{default_wait_ms};
  bool is_trial = false;
};

change_request read_common(field_reader &fields) {
  change_request out;
  auto why = read_reason(fields);
  out.change.actor = std::move(why.actor);
  out.change.reason = std::move(why.reason);
  if (const auto after =
          fields.integer(fields.find("resume_after"), 1, longest_seconds))
    out.change.resume_after = seconds(*after);
  if (const auto version = fields.integer(fields.find("expected_version"), 0,
                                          std::numeric_limits<long>::max()))
    out.change.expected_version = *version;
  if (const auto wait =
          fields.integer(fields.find("wait_ms"), 0, longest_wait_ms))
    out.wait = milliseconds(*wait);
  out.is_trial = fields.flag("dry_run");
  return out;
}

db::result<db::gate_state> look_at_dials(service &shared) {
  return shared.gateway.ask<db::gate_state>(
      [](db::store &session) { return session.gate(); });
}

/// What a change would make of the dials; nothing is written.
answer preview(service &shared, const db::gate_change &what) {
  const auto before = look_at_dials(shared);
  if (!before)
    return tl::unexpected(read_failure(before.error()));
  const auto after = db::after_change(*before, what, db::system_now());
  if (!after)
    return tl::unexpected(version_changed(before->version));
  const auto rollback = look_at_rollback(shared, *after).value_or(standing());
  return json_answer(200, '{' + members_of(*after) + rollback_member(rollback) +
                              ",\"nodes_behind\":[],\"dry_run\":true,"
                              "\"before\":{" +
                              members_of(*before) + "}}");
}

/// None as well when it can't be told: the change itself then says why.
standing find_rollback(service &shared) {
  const auto now = look_at_dials(shared);
  return now ? look_at_rollback(shared, *now).value_or(standing()) : standing();
}

answer change(service &shared, field_reader &fields, change_request what) {
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  if (what.change.resume_after)
    if (const auto rollback = find_rollback(shared))
      return tl::unexpected(rollback_holds(*rollback));
  if (what.is_trial)
    return preview(shared, what.change);
  return tell(shared,
              shared.gateway.change_gate(std::move(what.change), what.wait));
}

answer turn_dial(service &shared, const request &in, bool pauses) {
  return read_order(
      in,
      {"dial", "actor", "reason", "resume_after", "expected_version", "wait_ms",
       "dry_run"},
      [&](field_reader &fields) {
        auto what = read_common(fields);
        const auto *const member = fields.find("dial");
        const auto dial = member ? fields.string(member)
                                 : std::optional<std::string>("processing");
        if (dial == "processing")
          what.change.processing = pauses ? db::processing_mode::paused
                                          : db::processing_mode::running;
        else if (dial == "delivery")
          what.change.delivery =
              pauses ? db::delivery_mode::paused : db::delivery_mode::running;
        else if (dial)
          fields.fault("dial", "has to be processing or delivery");
        return change(shared, fields, std::move(what));
      });
}

/// What is shown of the gate, as the store has it.
struct shown_gate {
  db::gate_state state;
  std::optional<db::drain_certificate> last_drain;
  standing rollback;
  /// While a drain is under way.
  std::optional<db::queue_depth> left;
};

db::result<shown_gate> look_at_gate(db::store &session) {
  // Counting stops there: what is shown of a longer queue is not exact.
  constexpr long counted_at_most = 1'000'000;
  shown_gate shown;
  auto state = session.gate();
  if (!state)
    return tl::unexpected(state.error());
  shown.state = *state;
  auto proof = session.last_drain();
  if (!proof)
    return tl::unexpected(proof.error());
  shown.last_drain = *proof;
  // What is known of the dials is told without it, too.
  shown.rollback = actors::standing_in(session, *state).value_or(standing());
  if (state->processing != db::processing_mode::draining)
    return shown;
  auto left = session.depth(counted_at_most);
  if (!left)
    return tl::unexpected(left.error());
  shown.left = *left;
  return shown;
}

} // namespace

answer get_gate(service &shared, const request &) {
  const auto shown = shared.gateway.ask<shown_gate>(look_at_gate);
  if (!shown)
    return tl::unexpected(read_failure(shown.error()));
  return json_answer(
      200, '{' + members_of(shown->state) + rollback_member(shown->rollback) +
               ",\"drain\":" +
               (shown->left ? drain_progress(shown->state, *shown->left,
                                             shared.gateway.health())
                            : "null") +
               ",\"last_drain\":" +
               (shown->last_drain
                    ? actors::to_text(actors::facts_of(*shown->last_drain))
                    : "null") +
               '}');
}

answer post_mode(service &shared, const request &in) {
  return read_order(in,
                    {"mode", "retry_after", "actor", "reason", "resume_after",
                     "expected_version", "wait_ms", "dry_run"},
                    [&](field_reader &fields) {
                      auto what = read_common(fields);
                      const auto mode = fields.string(fields.require("mode"));
                      if (mode)
                        what.change.ingest = db::parse_ingest_mode(*mode);
                      if (mode && !what.change.ingest)
                        fields.fault("mode", "has to be async, sync or reject");
                      if (const auto wait = fields.integer(
                              fields.find("retry_after"), 1, longest_seconds))
                        what.change.retry_after = seconds(*wait);
                      return change(shared, fields, std::move(what));
                    });
}

answer post_pause(service &shared, const request &in) {
  return turn_dial(shared, in, true);
}

answer post_resume(service &shared, const request &in) {
  return turn_dial(shared, in, false);
}

answer post_drain(service &shared, const request &in) {
  return read_order(in,
                    {"timeout", "actor", "reason", "resume_after",
                     "expected_version", "wait_ms", "dry_run"},
                    [&](field_reader &fields) {
                      auto what = read_common(fields);
                      what.change.processing = db::processing_mode::draining;
                      if (const auto limit = fields.integer(
                              fields.find("timeout"), 1, longest_seconds))
                        what.change.drain_within = seconds(*limit);
                      return change(shared, fields, std::move(what));
                    });
}

} // namespace sluice::http
