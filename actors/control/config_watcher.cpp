#include "actors/control/config_watcher.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/control/apply_settings.hpp"
#include "actors/control/child.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;

// A change of the file is noticed this soon.
constexpr milliseconds file_interval{1'000};
// While somebody writes to it.
constexpr milliseconds settling_interval{100};
// Whatever asks for it, and however often.
constexpr milliseconds between_loads{250};
// Other nodes may change overrides between our look and our change.
constexpr int most_attempts_to_change = 3;
// Of a broken file, so many are named in the log.
constexpr std::size_t faults_in_log = 10;

std::string lines_of(const std::vector<config::fault> &faults) {
  std::string out;
  for (const auto &one : faults)
    out += config::to_string(one) + '\n';
  return out;
}

} // namespace

config_watcher_state::config_watcher_state(pointer self) : self_(self) {}

void config_watcher_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  number_ = ++parts_->watcher_in_charge;
  session_.emplace(parts_->source, db::purpose::work);
  keeper_.emplace(parts_->at_start, parts_->settings_board.get());
  if (parts_->sources)
    watch_.emplace(config::file_of(*parts_->sources));
  load();
  look();
  plan();
}

void config_watcher_state::order(const settings_order_ptr &what) {
  if (what->change)
    return what->done(change(*what->change));
  waiting_.push_back(what);
  load_soon();
}

void config_watcher_state::load_soon() {
  is_load_wanted_ = true;
  load_when_due();
  plan();
}

void config_watcher_state::tick(std::uint64_t plan_of) {
  if (plan_of != plan_)
    return;
  using enum config::file_watch::verdict;
  auto seen = watch_ ? watch_->look() : same;
  is_settling_ = seen == settling;
  is_load_wanted_ = is_load_wanted_ || seen == changed;
  load_when_due();
  // What the gate told may have been lost.
  auto version = parts_->gate_state.get().state.settings_version;
  if (is_look_due_ || version > keeper_->view().overrides.version)
    look();
  plan();
}

void config_watcher_state::plan() {
  auto pause = is_settling_ ? settling_interval : file_interval;
  if (is_load_wanted_)
    pause =
        std::clamp(std::chrono::ceil<milliseconds>(next_load_ - clock::now()),
                   milliseconds(0), pause);
  send_to_itself_later(self_, *parts_, pause, tick_atom::value, ++plan_);
}

void config_watcher_state::load_when_due() {
  if (is_load_wanted_ && clock::now() >= next_load_)
    load();
}

void config_watcher_state::load() {
  // Whoever asks from now on has not been heard.
  parts_->is_load_due = false;
  is_load_wanted_ = false;
  next_load_ = clock::now() + between_loads;
  changes different;
  if (parts_->sources) {
    watch_->begin_read();
    different = keeper_->take(config::load(*parts_->sources), db::system_now());
    publish(different);
  }
  const auto &view = keeper_->view();
  for (auto &one : std::exchange(waiting_, {}))
    one->done(settings_answer{.faults = view.faults,
                              .changes = different,
                              .view = parts_->settings_board.get()});
}

void config_watcher_state::look() {
  auto all = session_->with([](db::store &store) { return store.overrides(); });
  is_look_due_ = !all;
  if (all)
    adopt(std::move(*all));
}

void config_watcher_state::adopt(db::setting_overrides all) {
  publish(keeper_->adopt(std::move(all)));
}

db::result<settings_answer>
config_watcher_state::change(const settings_change &wanted) {
  for (int attempt = 0; attempt < most_attempts_to_change; ++attempt) {
    auto current =
        session_->with([](db::store &store) { return store.overrides(); });
    if (!current)
      return tl::unexpected(current.error());
    adopt(*current);
    auto planned = keeper_->plan(wanted, *current);
    if (!planned)
      return settings_answer{.faults = std::move(planned.error()),
                             .view = parts_->settings_board.get()};
    if (wanted.is_trial)
      return settings_answer{.changes = keeper_->preview(*planned),
                             .view = parts_->settings_board.get()};
    if (planned->set.empty() && planned->unset.empty())
      return settings_answer{.view = parts_->settings_board.get()};
    auto written = write(*planned);
    if (written && *written) {
      adopt(std::move(**written));
      return settings_answer{.view = parts_->settings_board.get()};
    }
    if (!written && written.error().code != db::errc::conflict)
      return tl::unexpected(written.error());
  }
  return db::fail(db::errc::unavailable,
                  "others keep changing the settings at the same time");
}

db::result<std::optional<db::setting_overrides>>
config_watcher_state::write(const db::override_change &change) {
  auto written = session_->with(
      [&](db::store &store) { return store.change_overrides(change); });
  if (written || written.error().code != db::errc::in_doubt)
    return written;
  is_look_due_ = true;
  auto settled = session_->settle(
      written.error(), clock::now() + parts_->settings->store.connect_timeout);
  if (!settled)
    return written;
  if (!*settled)
    return db::fail(db::errc::unavailable, written.error().text);
  return session_->with([](db::store &store) { return store.overrides(); })
      .map([](db::setting_overrides all) { return std::optional(all); });
}

void config_watcher_state::publish(const changes &different) {
  if (parts_->watcher_in_charge != number_)
    return;
  const auto &view = keeper_->view();
  auto is_applied = [](const config::difference &one) {
    return one.what == config::effect::applied;
  };
  if (std::ranges::any_of(different, is_applied))
    apply_settings(*parts_, view.held.now.values);
  parts_->settings_board.set(std::make_shared<const settings_view>(view));
  report(different);
  report_faults();
}

void config_watcher_state::report(const changes &different) {
  for (const auto &one : different) {
    auto where = config::to_string(one.where);
    switch (one.what) {
    case config::effect::applied:
      spdlog::info("setting {}: {} in the place of {} ({})", one.key, one.after,
                   one.before, where);
      break;
    case config::effect::needs_restart:
      spdlog::warn("setting {}: {} in the place of {} after a restart ({})",
                   one.key, one.after, one.before, where);
      break;
    case config::effect::outranked:
      spdlog::info("setting {}: {} in the file is outranked by {}", one.key,
                   one.after, where);
      break;
    }
  }
}

void config_watcher_state::report_faults() {
  const auto &view = keeper_->view();
  auto faults = lines_of(view.faults);
  if (auto before = std::exchange(said_of_faults_, faults); before != faults) {
    if (faults.empty())
      spdlog::info("the settings are good again");
    else
      spdlog::error("the settings stay as they were: {} faults",
                    view.faults.size());
    for (std::size_t at = 0; at < std::min(view.faults.size(), faults_in_log);
         ++at)
      spdlog::error("{}", config::to_string(view.faults[at]));
  }
  auto skipped = lines_of(view.held.now.skipped);
  if (std::exchange(said_of_overrides_, skipped) != skipped)
    for (const auto &one : view.held.now.skipped)
      spdlog::warn("passed over: {}", config::to_string(one));
}

config_watcher_actor::behavior_type
config_watcher(config_watcher_state::pointer self, parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](order_atom, settings_order_ptr &what) { self->state.order(what); },
      [=](load_atom) { self->state.load_soon(); },
      [=](look_atom) { self->state.look(); },
      [=](tick_atom, std::uint64_t plan) { self->state.tick(plan); },
      [](hello_atom) { return true; },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
