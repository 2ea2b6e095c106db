#include "actors/control/settings_keeper.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/describe.hpp"
#include "config/nearest.hpp"

namespace sluice::actors {

namespace {

using config::fault;
using config::override_value;

std::vector<override_value> values_of(const db::setting_overrides &all) {
  std::vector<override_value> out;
  for (const auto &one : all.list)
    out.push_back({one.key, one.value});
  return out;
}

bool has(const std::vector<override_value> &all, std::string_view key) {
  return std::ranges::find(all, key, &override_value::key) != all.end();
}

fault fault_of(std::string_view key, std::string problem) {
  return {.key = config::one_line(key), .problem = std::move(problem)};
}

/// A file that was there is not: to take its defaults now would be a change
/// that nobody has written down.
fault gone(const config::loaded &before) {
  return {
      .where = {.from = config::source::file, .name = before.file->string()},
      .problem = "is gone; what it said holds until a restart"};
}

/// What is wrong with each word of a change by itself.
std::vector<fault> faults_of(const settings_change &wanted,
                             const std::vector<override_value> &current) {
  std::vector<fault> faults;
  for (const auto &[key, value] : wanted.set) {
    if (std::ranges::find(wanted.unset, key) != wanted.unset.end())
      faults.push_back(fault_of(key, "can't be set and unset at once"));
    else if (auto why = config::check_override(key, value); !why.empty())
      faults.push_back(fault_of(key, std::move(why)));
  }
  for (const auto &key : wanted.unset) {
    if (config::find(key) != nullptr || has(current, key))
      continue;
    auto why = fault_of(key, "unknown setting");
    why.suggestion = config::nearest_key(key);
    faults.push_back(std::move(why));
  }
  return faults;
}

} // namespace

settings_state summary_of(const settings_view &view) {
  settings_state out;
  out.faults = view.faults.size();
  if (!view.faults.empty()) {
    const auto &first = view.faults.front();
    out.line = first.where.line;
    if (config::find(first.key) != nullptr)
      out.key = first.key;
  }
  out.skipped_overrides = view.held.now.skipped.size();
  out.waiting_for_restart = view.held.now.waiting.size();
  out.loads = view.loads;
  out.failed_loads = view.failed_loads;
  out.version = view.overrides.version;
  return out;
}

settings_view_ptr
settings_keeper::first_view(const config::settings &at_start) {
  settings_view view;
  view.held.found.values = at_start;
  view.held.now.values = at_start;
  return std::make_shared<const settings_view>(std::move(view));
}

settings_keeper::changes settings_keeper::take(found news, db::timestamp now) {
  ++view_.loads;
  if (!news)
    return refuse(std::move(news.error()));
  if (view_.held.found.file && !news->file)
    return refuse({gone(view_.held.found)});
  auto merged = config::merge(at_start_, *news, values_of(view_.overrides));
  if (!merged)
    return refuse(std::move(merged.error()));
  view_.faults.clear();
  // What the file said all along is no news.
  auto is_first = std::exchange(view_.loaded_at, now) == db::timestamp{};
  if (is_first)
    view_.held.found.in_file = news->in_file;
  auto different = hold({std::move(*news), std::move(*merged)});
  if (!different.empty()) {
    view_.last_changes = different;
    view_.changed_at = now;
  }
  return different;
}

settings_keeper::changes settings_keeper::adopt(db::setting_overrides all) {
  view_.overrides = std::move(all);
  auto merged =
      config::merge(at_start_, view_.held.found, values_of(view_.overrides));
  // What was found held before, and overrides that don't are skipped.
  if (!merged)
    return {};
  return hold({view_.held.found, std::move(*merged)});
}

tl::expected<db::override_change, std::vector<fault>>
settings_keeper::plan(const settings_change &wanted,
                      const db::setting_overrides &current) const {
  const auto before = values_of(current);
  auto faults = faults_of(wanted, before);
  db::override_change out{.set = wanted.set,
                          .expected_version = current.version,
                          .actor = wanted.actor,
                          .reason = wanted.reason};
  auto after = before;
  auto drop = [&](const std::string &key) {
    return std::erase_if(after, [&](auto &one) { return one.key == key; }) > 0;
  };
  for (const auto &key : wanted.unset)
    if (drop(key))
      out.unset.push_back(key);
  for (const auto &[key, value] : wanted.set) {
    drop(key);
    after.push_back({key, value});
  }
  if (faults.empty()) {
    const auto known = skipped_with(before);
    for (auto &one : skipped_with(after))
      if (std::ranges::find(known, one.key, &fault::key) == known.end())
        faults.push_back(std::move(one));
  }
  if (!faults.empty())
    return tl::unexpected<std::vector<fault>>(std::move(faults));
  return out;
}

settings_keeper::changes
settings_keeper::preview(const db::override_change &planned) const {
  auto after = values_of(view_.overrides);
  auto drop = [&](const std::string &key) {
    std::erase_if(after, [&](auto &one) { return one.key == key; });
  };
  for (const auto &key : planned.unset)
    drop(key);
  for (const auto &[key, value] : planned.set) {
    drop(key);
    after.push_back({key, value});
  }
  auto merged = config::merge(at_start_, view_.held.found, after);
  if (!merged)
    return {};
  return config::compare(view_.held, {view_.held.found, std::move(*merged)});
}

settings_keeper::changes settings_keeper::hold(config::standing next) {
  auto different = config::compare(view_.held, next);
  view_.held = std::move(next);
  return different;
}

settings_keeper::changes settings_keeper::refuse(std::vector<fault> why) {
  ++view_.failed_loads;
  view_.faults = std::move(why);
  return {};
}

std::vector<fault>
settings_keeper::skipped_with(std::span<const override_value> overrides) const {
  auto merged = config::merge(at_start_, view_.held.found, overrides);
  return merged ? std::move(merged->skipped) : std::move(merged.error());
}

} // namespace sluice::actors
