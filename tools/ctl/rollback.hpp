#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "tools/ctl/console.hpp"

/// `sluice ctl rollback ...`, one function for each verb.
namespace sluice::tools {

struct rollback_words {
  /// `sync`, `reject`, `stop` or `undo`.
  std::string target = "sync";
  std::string reason;
  std::optional<std::chrono::seconds> retry_after;
  /// A drain is given up after this.
  std::chrono::seconds drain_limit{600};
  /// Where the report goes as text, and with `.json` behind it as JSON; empty:
  /// nowhere.
  std::filesystem::path report;
};

ctl_exit run_rollback_plan(console &on, const std::string &target);
/// Goes on until it is over; refused, if it does not hold what it promised.
ctl_exit run_rollback_apply(console &on, const rollback_words &words);
ctl_exit run_rollback_abort(console &on, const std::string &reason);
/// Refused, if what the last one led to does not hold any more.
ctl_exit run_rollback_verify(console &on);
ctl_exit run_rollback_report(console &on, const std::filesystem::path &report);

} // namespace sluice::tools
