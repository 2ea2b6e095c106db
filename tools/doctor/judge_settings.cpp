#include <algorithm>
#include <optional>

#include "config/units.hpp"
#include "tools/ctl/json_words.hpp"
#include "tools/doctor/judge.hpp"

namespace sluice::tools {

namespace {

/// The value of a setting, as text; empty when it is not known.
std::string value_of(const json &settings, std::string_view key) {
  for (const auto &one : list_of(settings, "settings"))
    if (word(one, "key") == key)
      return word(one, "value");
  return {};
}

std::optional<std::int64_t> number_of(const json &settings,
                                      std::string_view key) {
  const auto number = config::parse_integer(value_of(settings, key));
  return number ? std::optional(*number) : std::nullopt;
}

finding judge_source(const json &faults, const std::string &next) {
  finding out{.name = "settings", .found = "the last load was good"};
  if (faults.empty())
    return out;
  out.how = severity::warning;
  out.found = "can't be used as they are now: " + word(faults.front());
  if (faults.size() > 1)
    out.found += " (and " + std::to_string(faults.size() - 1) + " more)";
  out.next = next;
  return out;
}

/// Overrides that do not hold.
void judge_overrides(const json &settings, findings &out) {
  for (const auto &one : list_of(settings, "overrides"))
    if (at(one, "skipped").is_string())
      out.push_back({severity::warning, "override",
                     word(one, "key") + " = " + word(one, "value") +
                         " is passed over: " + word(one, "skipped"),
                     "sluice ctl unset " + word(one, "key")});
}

void judge_waiting(const json &settings, findings &out) {
  std::string keys;
  for (const auto &key : list_of(settings, "waiting_for_restart"))
    keys += (keys.empty() ? "" : ", ") + word(key);
  if (!keys.empty())
    out.push_back({severity::warning, "restart",
                   "settings wait for one: " + keys,
                   "restart the service, for example with systemctl restart"});
}

bool is_loopback(std::string_view listen) {
  return listen.starts_with("127.") || listen.starts_with("localhost:") ||
         listen.starts_with("[::1]");
}

/// Values that are allowed, and together hardly meant.
void judge_contradictions(const json &settings, findings &out) {
  const auto depth = number_of(settings, "ingest.max_queue_depth");
  const auto critical = number_of(settings, "health.critical_depth");
  if (depth && critical && *depth <= *critical)
    out.push_back(
        {severity::warning, "contradiction",
         "ingest.max_queue_depth refuses events before "
         "health.critical_depth can be reached",
         "sluice ctl set health.critical_depth " + std::to_string(*depth / 2)});
  const auto yield = number_of(settings, "processor.yield_share");
  const auto share = number_of(settings, "ingest.organization_share");
  if (share && yield && *yield >= *share)
    out.push_back(
        {severity::warning, "contradiction",
         "processor.yield_share is not below "
         "ingest.organization_share: a burst of one organization is "
         "refused before moving is as urgent as accepting",
         "sluice ctl set processor.yield_share " + std::to_string(*share / 2)});
  const auto listen = value_of(settings, "http.listen");
  if (value_of(settings, "auth.open_signup") == "any" && !listen.empty() &&
      !is_loopback(listen))
    out.push_back({severity::warning, "contradiction",
                   "auth.open_signup is any, and http.listen is " + listen +
                       ": whoever reaches it makes organizations of any tier",
                   "sluice config docs"});
}

} // namespace

findings judge_settings(const json &facts) {
  findings out;
  const json settings = at(facts, "service.settings");
  if (settings.is_object()) {
    const json file = at(settings, "file");
    out.push_back(judge_source(list_of(file, "faults"), "sluice config check"));
    judge_overrides(settings, out);
    judge_waiting(settings, out);
    judge_contradictions(settings, out);
    return out;
  }
  auto own =
      judge_source(list_of(facts, "settings_faults"), "sluice config check");
  if (own.how != severity::ok)
    own.how = severity::critical;
  return {own};
}

} // namespace sluice::tools
