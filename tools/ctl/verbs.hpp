#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tools/ctl/console.hpp"

/// What `sluice ctl` does, one function for each verb. Each shows what came of
/// it and returns how the program ends.
namespace sluice::tools {

/// What every change may say beside what it changes.
struct change_options {
  std::string reason{};
  /// After this all dials go back to normal, whatever this change turns.
  std::optional<std::chrono::seconds> resume_after{};
  /// Nothing is changed; what would be is shown.
  bool is_trial = false;
};

ctl_exit run_status(console &on);
ctl_exit run_actors(console &on);
ctl_exit run_nodes(console &on);
ctl_exit run_settings(console &on);

ctl_exit run_mode(console &on, const std::string &mode,
                  std::optional<std::chrono::seconds> retry_after,
                  const change_options &why);
/// `verb` is `pause` or `resume`.
ctl_exit run_dial(console &on, const std::string &verb, const std::string &dial,
                  const change_options &why);
/// Waits until the queue is empty, and shows the proof.
ctl_exit run_drain(console &on, std::chrono::seconds limit,
                   const change_options &why);
ctl_exit run_set(console &on, const std::string &key, const std::string &value,
                 const change_options &why);

ctl_exit run_unset(console &on, const std::string &key,
                   const change_options &why);
/// Refused, if the file has faults.
ctl_exit run_reload(console &on, const std::string &reason);

ctl_exit run_poll(console &on, const std::string &reason);
ctl_exit run_cleanup(console &on, const change_options &why);
ctl_exit run_restart(console &on, const std::string &part,
                     const std::string &reason);

/// The damage report; `is_quick`: without a check of the books.
ctl_exit run_assess(console &on, bool is_quick);
/// Mends what has a rule, until nothing of it is left.
ctl_exit run_recover(console &on, const change_options &why);

/// Refused, if the books don't balance.
ctl_exit run_verify(console &on);
ctl_exit run_repair(console &on, const change_options &why);

/// What a list of items is narrowed to; empty and 0: to nothing.
struct item_filter {
  std::string status;
  std::string organization;
  std::chrono::seconds older_than{0};
  int limit = 50;

  bool is_narrow() const {
    return !status.empty() || !organization.empty() || older_than.count() > 0;
  }
};

/// The items of an order: by their ids, or by a filter.
struct item_choice {
  std::vector<std::string> ids;
  item_filter filter;
};

ctl_exit run_list_items(console &on, const item_filter &filter);
ctl_exit run_audit(console &on, int limit);
ctl_exit run_endpoints(console &on, const std::string &organization);
/// Where one event is.
ctl_exit run_show_item(console &on, const std::string &id, bool with_payload);
ctl_exit run_requeue(console &on, const item_choice &which,
                     const change_options &why);
ctl_exit run_discard(console &on, const item_choice &which,
                     const change_options &why);

} // namespace sluice::tools
