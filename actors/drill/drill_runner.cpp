#include "actors/drill/drill_runner.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/drill/readiness.hpp"
#include "actors/drill/rehearsals.hpp"
#include "actors/rollback/rollback.hpp"

namespace sluice::actors {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr char kind[] = "drill";
constexpr char owner_name[] = "sluice drill";
constexpr milliseconds pause{200};
// Cleaning up takes a moment, as a rule.
constexpr milliseconds patience_with_others{3'000};
// A part that dies more often escalates, and ends the service.
constexpr std::size_t kills_at_most = 3;
constexpr std::chrono::seconds kill_window{60};

tl::unexpected<drill_refusal> refuse(std::string why) {
  return tl::unexpected(drill_refusal{.text = std::move(why)});
}

tl::unexpected<drill_refusal> pass_on(db::error why) {
  return tl::unexpected(drill_refusal{.store = std::move(why)});
}

db::procedure record_of(const drill_report &report) {
  return {.id = report.id,
          .kind = kind,
          .is_open = report.is_open(),
          .version = report.version,
          .document = to_text(to_json(report))};
}

db::procedure_note note_of(const drill_report &report, std::string detail) {
  return {.actor = report.asked.actor,
          .reason = report.asked.reason,
          .detail = std::string(to_string(report.asked.kind)) + ' ' +
                    std::move(detail)};
}

/// An organization that nobody has a key of: the one that the schema asks for
/// is random and expired.
std::pair<db::organization, db::api_key> make_owner(db::organization_id id) {
  db::organization owner{.id = id,
                         .name = owner_name,
                         .tier = "free",
                         .rate_limit_per_minute = 0,
                         .inserted_at = db::system_now()};
  db::api_key key{.id = db::api_key_id::generate(),
                  .organization = id,
                  .prefix = "drill",
                  .expires_at = owner.inserted_at,
                  .inserted_at = owner.inserted_at};
  for (std::size_t half : {0U, 16U})
    std::ranges::copy(db::uuid::generate_v4().bytes(), key.hash.begin() + half);
  return {owner, key};
}

drill_state state_at_end(const drill_report &report, bool is_broken_off) {
  if (is_broken_off)
    return drill_state::interrupted;
  return report.reasons.empty() ? drill_state::passed : drill_state::failed;
}

} // namespace

drill_runner::drill_runner(options with) : with_(std::move(with)) {}

drill_runner::~drill_runner() {
  stop();
}

void drill_runner::stop() {
  {
    std::lock_guard guard(mutex_);
    is_stopped_ = true;
  }
  tidier_.request_stop();
  actor_.request_stop();
  if (tidier_.joinable())
    tidier_.join();
  std::lock_guard turn(turn_);
  actor_.request_stop();
  if (actor_.joinable())
    actor_.join();
}

void drill_runner::publish(const drill_report &report) {
  std::lock_guard guard(mutex_);
  newest_ = report;
}

// -- beginning ---------------------------------------------------------------

std::optional<std::string> drill_runner::too_many_kills(drill_kind what) {
  if (what != drill_kind::kill_worker && what != drill_kind::kill_poller)
    return std::nullopt;
  const auto now = clock::now();
  std::lock_guard guard(mutex_);
  while (!kills_.empty() && now - kills_.front() > kill_window)
    kills_.pop_front();
  if (kills_.size() < kills_at_most)
    return std::nullopt;
  return std::to_string(kills_at_most) + " parts were killed within " +
         std::to_string(kill_window.count()) + " s; more would end the service";
}

drill_runner::result<void> drill_runner::check(const drill_request &asked) {
  const auto seen = with_.door.health();
  if (auto why = obstacle_to(asked, seen, *with_.door.settings()))
    return refuse(std::move(*why));
  if (auto why = too_many_kills(asked.kind))
    return refuse(std::move(*why));
  if (asked.kind == drill_kind::rollback) {
    const auto last = rollback(with_.door).newest();
    if (!last && last.error().store)
      return pass_on(*last.error().store);
    if (!last || (*last && (*last)->is_open()))
      return refuse(last ? "a rollback is under way" : last.error().refusal);
  }
  const auto unwell = complaints(seen, with_.door.parts());
  if (!asked.is_forced && !unwell.empty())
    return refuse("the service is not well: " + joined(unwell, "; "));
  return {};
}

drill_runner::result<drill_report>
drill_runner::begin(const drill_request &asked) {
  std::unique_lock turn(turn_, patience_with_others);
  {
    std::lock_guard guard(mutex_);
    if (is_stopped_)
      return refuse("the service is stopping");
    if (is_busy_ || !turn)
      return refuse(newest_ && newest_->is_open()
                        ? std::string(to_string(newest_->asked.kind)) +
                              " is under way"
                        : "another drill is being prepared or cleaned up");
  }
  // First: what another life left may be why the dials are not normal.
  if (auto tidy = tidy_up(); !tidy)
    return tl::unexpected(tidy.error());
  if (auto fit = check(asked); !fit)
    return tl::unexpected(fit.error());
  drill_report report;
  report.id = db::procedure_id::generate();
  report.asked = asked;
  report.node = with_.self.name;
  report.life = with_.self.id;
  report.owner = db::organization_id::generate();
  report.begun_at = now_text();
  const auto fresh = record_of(report);
  const auto note = note_of(report, "begun");
  const auto begun = with_.door.ask<bool>(
      [=](db::store &session) { return session.begin_procedure(fresh, note); });
  if (!begun)
    return pass_on(begun.error());
  if (!*begun)
    return refuse("another node begins a drill at this moment");
  report.version = 1;
  {
    std::lock_guard guard(mutex_);
    is_busy_ = true;
    newest_ = report;
    if (asked.kind == drill_kind::kill_worker ||
        asked.kind == drill_kind::kill_poller)
      kills_.push_back(clock::now());
  }
  actor_ = std::jthread(
      [this, report](const std::stop_token &end) { carry_out(report, end); });
  return report;
}

// -- carrying it out ---------------------------------------------------------

void drill_runner::prepare_and_rehearse(drill_report &report,
                                        const std::stop_token &end) {
  const auto owner = make_owner(report.owner);
  const auto made = with_.door.ask<void>([owner](db::store &session) {
    return session.create_organization(owner.first, owner.second);
  });
  drill_stage on({.door = with_.door,
                  .faults = *with_.faults,
                  .limits = with_.limits,
                  .end = end,
                  .publish = [this](const auto &now) { publish(now); }},
                 report);
  if (!made)
    return on.fail("its organization could not be made: " + made.error().text);
  rehearse(on);
  // Also after a failure: what is lost by then is what matters.
  if (auto why = put_back(with_.door, *with_.faults, report))
    on.fail("the dials could not be turned back: " + *why);
  if (!end.stop_requested())
    on.settle();
}

void drill_runner::carry_out(drill_report report, const std::stop_token &end) {
  spdlog::warn("drill {} begins, by {}", to_string(report.asked.kind),
               report.asked.actor);
  prepare_and_rehearse(report, end);
  report.is_cleaned_up = clean_up(report, with_.limits.cleaning);
  if (!report.is_cleaned_up)
    report.reasons.emplace_back(
        "it could not be cleaned up; the next start or drill does that");
  report.ended_at = now_text();
  report.state = state_at_end(report, end.stop_requested());
  // A record that stays open is cleaned up after, and closed, by the next one.
  if (report.is_cleaned_up && !close(report))
    spdlog::error("the record of a drill could not be closed");
  spdlog::warn("drill {} {}: {}", to_string(report.asked.kind),
               to_string(report.state), joined(report.reasons, "; "));
  std::lock_guard guard(mutex_);
  newest_ = std::move(report);
  is_busy_ = false;
}

bool drill_runner::remove_owner(const drill_report &report) {
  return with_.door
      .ask<std::int64_t>([=](db::store &session) {
        return session.remove_organization(report.owner, report.asked.actor,
                                           mark_of(report));
      })
      .has_value();
}

bool drill_runner::clean_up(const drill_report &report, milliseconds limit) {
  const auto deadline = clock::now() + limit;
  for (;;) {
    const auto why = put_back(with_.door, *with_.faults, report);
    const auto is_removed = remove_owner(report);
    if (!why && is_removed)
      return true;
    if (clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(pause);
  }
}

bool drill_runner::close(const drill_report &report) {
  const auto deadline = clock::now() + with_.limits.cleaning;
  const auto changed = record_of(report);
  const auto note = note_of(report, std::string(to_string(report.state)));
  for (;;) {
    const auto saved = with_.door.ask<bool>([=](db::store &session) {
      return session.save_procedure(changed, note);
    });
    if (saved)
      return true;
    if (clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(pause);
  }
}

// -- what another life has left ----------------------------------------------

drill_runner::result<bool>
drill_runner::is_under_way_elsewhere(const drill_report &left) {
  if (left.life == with_.self.id)
    return false;
  const auto nodes = with_.door.ask<std::vector<db::node_view>>(
      [](db::store &session) { return session.nodes(); });
  if (!nodes)
    return pass_on(nodes.error());
  const auto dead_after = with_.door.settings()->node.dead_after;
  return std::ranges::any_of(*nodes, [&](const auto &one) {
    return one.who.id == left.life && one.silent_for <= dead_after;
  });
}

drill_runner::result<void> drill_runner::tidy_up() {
  const auto kept = with_.door.ask<std::vector<db::procedure>>(
      [](db::store &session) { return session.procedures(kind, 1); });
  if (!kept)
    return pass_on(kept.error());
  if (kept->empty())
    return {};
  auto left = parse_drill(kept->front());
  if (!kept->front().is_open) {
    // An event whose fate was not known may have come after its organization
    // had gone.
    if (left && left->events.doubtful > 0)
      remove_owner(*left);
    return {};
  }
  if (!left)
    return refuse("the record of drill " + kept->front().id.to_string() +
                  " can't be read; it was written by another version");
  const auto is_elsewhere = is_under_way_elsewhere(*left);
  if (!is_elsewhere)
    return tl::unexpected(is_elsewhere.error());
  if (*is_elsewhere)
    return refuse(std::string(to_string(left->asked.kind)) +
                  " is under way on " + left->node);
  left->is_cleaned_up = clean_up(*left, with_.limits.cleaning);
  if (!left->is_cleaned_up)
    return refuse("what an earlier drill left can't be cleaned up now");
  left->state = drill_state::interrupted;
  left->ended_at = now_text();
  left->reasons.emplace_back("the service ended while it was under way");
  spdlog::warn("a drill that was interrupted is cleaned up: {}",
               mark_of(*left));
  if (!close(*left))
    return refuse("the record of an earlier drill can't be closed now");
  publish(*left);
  return {};
}

void drill_runner::tidy_up_soon() {
  tidier_ = std::jthread([this](const std::stop_token &end) {
    while (!end.stop_requested()) {
      std::unique_lock turn(turn_, std::try_to_lock);
      // Whoever has the turn tidies up, too.
      if (!turn)
        return;
      const auto tidy = tidy_up();
      turn.unlock();
      if (tidy || !tidy.error().store)
        return;
      std::this_thread::sleep_for(pause);
    }
  });
}

// -- looking at them ---------------------------------------------------------

drill_runner::result<std::optional<drill_report>> drill_runner::newest() {
  {
    std::lock_guard guard(mutex_);
    if (newest_ && is_busy_)
      return newest_;
  }
  auto kept = history(1);
  if (!kept)
    return tl::unexpected(kept.error());
  if (kept->empty())
    return std::nullopt;
  std::lock_guard guard(mutex_);
  // If it could not be saved, this node knows better.
  if (newest_ && newest_->id == kept->front().id)
    return newest_;
  return std::move(kept->front());
}

drill_runner::result<std::vector<drill_report>>
drill_runner::history(int limit) {
  const auto kept = with_.door.ask<std::vector<db::procedure>>(
      [limit](db::store &session) { return session.procedures(kind, limit); });
  if (!kept)
    return pass_on(kept.error());
  std::vector<drill_report> found;
  for (const auto &one : *kept)
    if (auto report = parse_drill(one))
      found.push_back(std::move(*report));
  return found;
}

} // namespace sluice::actors
