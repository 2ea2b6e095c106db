#include "http/in/routes/settings.hpp"

#include <algorithm>
#include <utility>

#include "config/describe.hpp"
#include "config/print.hpp"
#include "http/in/json_text.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/acts.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t most_settings = 100;

std::string settings_time(db::timestamp at) {
  return at == db::timestamp{} ? "null" : json_string(db::to_rfc3339(at));
}

std::string_view name_of(config::source from) {
  switch (from) {
  case config::source::built_in:
    return "default";
  case config::source::file:
    return "file";
  case config::source::environment:
    return "environment";
  case config::source::command_line:
    return "--set";
  case config::source::runtime:
    return "override";
  }
  return "default";
}

const db::setting_override *find_override(const actors::settings_view &view,
                                          std::string_view key) {
  const auto &list = view.overrides.list;
  const auto found = std::ranges::find(list, key, &db::setting_override::key);
  return found == list.end() ? nullptr : &*found;
}

std::string setting_json(const actors::settings_view &view,
                         const config::description &setting) {
  const auto &held = view.held;
  const auto where = held.now.origin_of(setting.key);
  const auto *made = where.from == config::source::runtime
                         ? find_override(view, setting.key)
                         : nullptr;
  const auto next = config::shown(setting, held.found.values);
  const auto value = config::shown(setting, held.now.values);
  const bool is_hot = setting.takes_effect == config::change::hot;
  return "{\"key\":" + json_string(setting.key) +
         ",\"value\":" + json_string(value) +
         ",\"change\":" + (is_hot ? "\"hot\"" : "\"restart\"") +
         ",\"source\":" + json_string(name_of(where.from)) +
         ",\"where\":" + json_string(config::to_string(where)) +
         ",\"overridden_by\":" +
         (made ? json_string(made->changed_by) : "null") +
         ",\"after_restart\":" +
         (is_hot || next == value ? "null" : json_string(next)) + '}';
}

/// Why it does not hold; nothing when it does.
std::string why_skipped(const actors::settings_view &view,
                        const std::string &key) {
  for (const auto &one : view.held.now.skipped)
    if (one.key == config::one_line(key))
      return one.suggestion.empty()
                 ? one.problem
                 : one.problem + "; did you mean " + one.suggestion + "?";
  return {};
}

std::string override_json(const actors::settings_view &view,
                          const db::setting_override &one) {
  return "{\"key\":" + json_string(one.key) +
         ",\"value\":" + json_string(one.value) +
         ",\"changed_by\":" + json_string(one.changed_by) +
         ",\"reason\":" + json_string(one.reason) +
         ",\"changed_at\":" + settings_time(one.changed_at) +
         ",\"skipped\":" + json_string_or_null(why_skipped(view, one.key)) +
         '}';
}

std::string difference_json(const config::difference &one) {
  return "{\"key\":" + json_string(one.key) +
         ",\"effect\":" + json_string(config::to_string(one.what)) +
         ",\"before\":" + json_string_or_null(one.before) +
         ",\"after\":" + json_string_or_null(one.after) +
         ",\"where\":" + json_string(config::to_string(one.where)) + '}';
}

std::string file_json(const actors::settings_view &view) {
  const auto &file = view.held.found.file;
  return "{\"path\":" + (file ? json_string(file->string()) : "null") +
         ",\"loaded_at\":" + settings_time(view.loaded_at) + ",\"faults\":" +
         json_list(view.faults,
                   [](const config::fault &one) {
                     return json_string(config::to_string(one));
                   }) +
         ",\"changed_at\":" + settings_time(view.changed_at) +
         ",\"last_changes\":" + json_list(view.last_changes, difference_json) +
         '}';
}

std::string waiting_json(const actors::settings_view &view) {
  return json_list(view.held.now.waiting,
                   [](const std::string &key) { return json_string(key); });
}

answer show_settings(const actors::settings_view &view) {
  return json_answer(200,
                     "{\"version\":" + std::to_string(view.overrides.version) +
                         ",\"settings\":" +
                         json_list(config::descriptions(),
                                   [&](const config::description &setting) {
                                     return setting_json(view, setting);
                                   }) +
                         ",\"overrides\":" +
                         json_list(view.overrides.list,
                                   [&](const db::setting_override &one) {
                                     return override_json(view, one);
                                   }) +
                         ",\"waiting_for_restart\":" + waiting_json(view) +
                         ",\"file\":" + file_json(view) + '}');
}

std::string text_of(const config::fault &fault) {
  auto out = fault.key + ": " + fault.problem;
  if (!fault.suggestion.empty())
    out += "; did you mean " + fault.suggestion + "?";
  return out;
}

problem settings_faulty(const std::vector<config::fault> &faults) {
  problem out;
  out.status = 422;
  out.slug = "settings-faulty";
  out.title = "The settings can't be used";
  out.detail = "they stay as they were; " + config::to_string(faults.front());
  out.extensions.emplace_back(
      "errors", json_list(faults, [](const config::fault &one) {
        return "{\"pointer\":" + json_string(config::to_string(one.where)) +
               ",\"detail\":" +
               json_string(one.key.empty() ? one.problem : text_of(one)) + '}';
      }));
  return out;
}

/// The assignments `key=value` of `set`.
std::vector<db::override_change::assignment> read_set(field_reader &fields) {
  std::vector<db::override_change::assignment> out;
  const auto texts = fields.strings(fields.find("set"), most_settings);
  for (const auto &text : texts.value_or(std::vector<std::string>())) {
    const auto sign = text.find('=');
    if (sign == std::string::npos)
      fields.fault("set",
                   config::one_line(text) + ": has no value; write key=value");
    else
      out.push_back({text.substr(0, sign), text.substr(sign + 1)});
  }
  return out;
}

actors::settings_change read_change(field_reader &fields) {
  actors::settings_change out;
  auto why = read_reason(fields);
  out.actor = std::move(why.actor);
  out.reason = std::move(why.reason);
  out.is_trial = fields.flag("dry_run");
  out.set = read_set(fields);
  out.unset = fields.strings(fields.find("unset"), most_settings)
                  .value_or(std::vector<std::string>());
  if (fields.find("set") == nullptr && fields.find("unset") == nullptr)
    fields.fault("set", "is missing, and unset as well");
  return out;
}

/// For the audit log. Values may be secrets; keys are not.
std::string outcome_of(const db::result<actors::settings_answer> &done) {
  if (!done)
    return "failed: " + done.error().text;
  if (!done->faults.empty())
    return "refused: faults=" + std::to_string(done->faults.size());
  std::string out = "changed=" + std::to_string(done->changes.size());
  for (const auto &one : done->changes)
    out += ' ' + one.key;
  return out;
}

} // namespace

answer get_settings(service &shared, const request &) {
  return show_settings(*shared.gateway.settings_in_full());
}

answer post_settings(service &shared, const request &in) {
  return read_order(
      in, {"set", "unset", "actor", "reason", "dry_run"},
      [&](field_reader &fields) -> answer {
        auto change = read_change(fields);
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        const auto unset = change.unset;
        const bool is_trial = change.is_trial;
        auto done = shared.gateway.change_settings(std::move(change));
        if (!done)
          return tl::unexpected(store_failure(done.error()));
        for (const auto &fault : done->faults) {
          const bool is_unset = std::ranges::count(unset, fault.key) > 0;
          fields.fault(is_unset ? "unset" : "set", text_of(fault));
        }
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        if (is_trial)
          return json_answer(
              200, "{\"dry_run\":true,\"changes\":" +
                       json_list(done->changes, difference_json) + '}');
        return show_settings(*done->view);
      });
}

answer post_reload(service &shared, const request &in) {
  return read_order(
      in, {"actor", "reason"}, [&](field_reader &fields) -> answer {
        auto why = read_reason(fields);
        if (!fields.is_good())
          return tl::unexpected(fields.refusal());
        // A file may be what gets the database back.
        const auto act =
            noted_act::begin_or_log(shared, {.actor = std::move(why.actor),
                                             .action = "reload",
                                             .reason = std::move(why.reason)});
        const auto done = shared.gateway.reload_settings();
        act.end(outcome_of(done));
        if (!done)
          return tl::unexpected(store_failure(done.error()));
        if (!done->faults.empty())
          return tl::unexpected(settings_faulty(done->faults));
        return json_answer(
            200, "{\"changes\":" + json_list(done->changes, difference_json) +
                     ",\"waiting_for_restart\":" + waiting_json(*done->view) +
                     ",\"file\":" + file_json(*done->view) + '}');
      });
}

} // namespace sluice::http
