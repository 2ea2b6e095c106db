#include "tools/ctl/rollback.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <thread>

#include "tools/ctl/show_rollback.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds run_look_interval{250};
const std::string base = "/admin/v1/rollback";

bool is_under_way(const json &run) {
  return run.value("state", "") == "under way";
}

/// False, and told, when it can't be written.
bool write_file(console &on, const std::filesystem::path &path,
                const std::string &text) {
  std::ofstream out(path, std::ios::trunc);
  out << text << std::flush;
  if (!out)
    on.fail(ctl_exit::refused,
            "the report can't be written to " + path.string() + ": " +
                std::strerror(errno) +
                "; the rollback is not touched by that: `rollback report` "
                "shows it again");
  return static_cast<bool>(out);
}

bool write_report(console &on, const std::filesystem::path &path,
                  const json &run) {
  if (path.empty())
    return true;
  auto beside = path;
  beside += ".json";
  return write_file(on, path, show_report(run)) &&
         write_file(on, beside,
                    run.dump(2, ' ', false, json::error_handler_t::replace) +
                        '\n');
}

/// The report of one that is over.
ctl_exit conclude(console &on, const json &run,
                  const std::filesystem::path &report) {
  if (!write_report(on, report, run))
    return ctl_exit::refused;
  const auto shown = on.show(run, show_report(run));
  return run.value("is_proven", false) ? shown : ctl_exit::refused;
}

/// Whatever kept it from going on: how the program ends.
ctl_exit stopped(console &on, const reply &why) {
  const auto told = on.refuse(why);
  const auto is_overdue = why.body.is_object() &&
                          why.body.contains("is_overdue") &&
                          why.body["is_overdue"] == true;
  return is_overdue ? ctl_exit::timed_out : told;
}

ctl_exit interrupted(console &on, ctl_exit how) {
  on.note("the rollback stands where it was; `rollback apply` goes on with it");
  return how;
}

json body_of(const rollback_words &words) {
  json body = {{"target", words.target},
               {"timeout", words.drain_limit.count()}};
  if (!words.reason.empty())
    body["reason"] = words.reason;
  if (words.retry_after)
    body["retry_after"] = words.retry_after->count();
  return body;
}

} // namespace

ctl_exit run_rollback_plan(console &on, const std::string &target) {
  const auto plan = on.get(base + "/plan?target=" + target);
  return plan ? on.show(*plan, show_plan(*plan)) : plan.error();
}

ctl_exit run_rollback_apply(console &on, const rollback_words &words) {
  auto run = on.post(base, body_of(words));
  if (!run)
    return run.error();
  const json order = {{"id", run->value("id", "")}};
  std::string last_step;
  while (is_under_way(*run)) {
    const auto step = show_step(*run);
    const auto is_waiting = step.starts_with("drain") && step == last_step;
    if (step != last_step)
      on.note(step);
    last_step = step;
    if (is_waiting)
      std::this_thread::sleep_for(run_look_interval);
    const auto next = on.ask("POST", base + "/advance", order.dump());
    if (!next)
      return interrupted(on, next.error());
    if (exit_of_status(next->status) != ctl_exit::done)
      return stopped(on, *next);
    *run = next->body;
  }
  return conclude(on, *run, words.report);
}

ctl_exit run_rollback_abort(console &on, const std::string &reason) {
  const auto run =
      on.post(base + "/abort",
              reason.empty() ? json::object() : json{{"reason", reason}});
  return run ? on.show(*run, show_report(*run)) : run.error();
}

ctl_exit run_rollback_verify(console &on) {
  const auto run = on.post(base + "/verify");
  return run ? conclude(on, *run, {}) : run.error();
}

ctl_exit run_rollback_report(console &on, const std::filesystem::path &report) {
  const auto run = on.get(base);
  if (!run)
    return run.error();
  if (!write_report(on, report, *run))
    return ctl_exit::refused;
  return on.show(*run, show_report(*run));
}

} // namespace sluice::tools
