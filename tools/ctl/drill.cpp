#include "tools/ctl/drill.hpp"

#include <array>
#include <chrono>
#include <thread>

#include "tools/ctl/show_drill.hpp"
#include "tools/ctl/text.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds drill_look_interval{100};
const std::string path = "/admin/v1/drill";
// Those that turn dials come last.
constexpr std::array all_drills{
    "kill-worker", "kill-poller",   "stuck-items",    "db-outage",
    "poison",      "slow-endpoint", "sync-roundtrip", "rollback"};

json body_of(const drill_words &words) {
  json body = {{"drill", words.name},
               {"events", words.events},
               {"force", words.is_forced}};
  if (!words.reason.empty())
    body["reason"] = words.reason;
  return body;
}

/// Tells the steps that were not told yet.
void tell_steps(console &on, const json &report, std::size_t &told) {
  if (!report.contains("steps") || !report["steps"].is_array())
    return;
  const auto &steps = report["steps"];
  for (; told < steps.size(); ++told)
    if (steps[told].is_string())
      on.note(escaped(report.value("drill", "") + ": " +
                      steps[told].get<std::string>()));
}

/// The record of one that is over.
console::result<json> hold(console &on, const drill_words &words) {
  auto report = on.post(path, body_of(words));
  if (!report)
    return report;
  const auto id = report->value("id", "");
  std::size_t told = 0;
  while (report->value("state", "") == "under way") {
    std::this_thread::sleep_for(drill_look_interval);
    report = on.get(path);
    if (!report) {
      on.note("the drill goes on without this console; `drill history` tells "
              "its verdict");
      return report;
    }
    if (report->value("id", "") != id)
      return tl::unexpected(on.fail(
          ctl_exit::refused, "another drill has begun; `drill history` tells "
                             "the verdict of this one"));
    tell_steps(on, *report, told);
  }
  return report;
}

ctl_exit exit_of_drill(const json &report) {
  return report.value("state", "") == "passed" ? ctl_exit::done
                                               : ctl_exit::refused;
}

ctl_exit hold_one(console &on, const drill_words &words) {
  const auto report = hold(on, words);
  if (!report)
    return report.error();
  const auto shown = on.show(*report, show_drill(*report));
  return shown == ctl_exit::done ? exit_of_drill(*report) : shown;
}

ctl_exit hold_all(console &on, const drill_words &words) {
  json held = {{"drills", json::array()}};
  auto how = ctl_exit::done;
  for (const auto *name : all_drills) {
    auto one = words;
    one.name = name;
    const auto report = hold(on, one);
    if (!report)
      return report.error();
    held["drills"].push_back(*report);
    on.note(show_drill_verdict(*report));
    if (exit_of_drill(*report) == ctl_exit::done)
      continue;
    how = ctl_exit::refused;
    if (!words.keeps_going)
      break;
  }
  const auto shown = on.show(held, show_drills(held));
  return shown == ctl_exit::done ? how : shown;
}

} // namespace

ctl_exit run_drill(console &on, const drill_words &words) {
  return words.name == "all" ? hold_all(on, words) : hold_one(on, words);
}

ctl_exit run_drill_history(console &on, int limit) {
  const auto all = on.get("/admin/v1/drills?limit=" + std::to_string(limit));
  return all ? on.show(*all, show_drills(*all)) : all.error();
}

} // namespace sluice::tools
