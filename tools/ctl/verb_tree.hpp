#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tools/ctl/options.hpp"

namespace CLI {
class App;
} // namespace CLI

namespace sluice::tools {

/// Builds the verbs below `sluice ctl`, all in the same manner: each with an
/// example in its help.
class verb_tree {
public:
  verb_tree(CLI::App &ctl, verb_runner run);

  CLI::App &root() { return ctl_; }
  /// Where options put what they read; filled when a verb runs.
  const options_ptr &options() const { return options_; }

  /// `example` is what stands behind `sluice ctl`.
  CLI::App *add(CLI::App &to, const char *name, const char *help,
                const std::string &example, verb what);
  CLI::App *add(const char *name, const char *help, const std::string &example,
                verb what) {
    return add(ctl_, name, help, example, std::move(what));
  }
  /// A word that needs a verb behind it.
  CLI::App *add_group(const char *name, const char *help);

  void add_reason(CLI::App *command, bool is_required = false);
  /// `--reason`, `--resume-after` and `--dry-run`.
  void add_change_options(CLI::App *command);
  void add_limit(CLI::App *command);
  /// `--dry-run`; without it there has to be a `--reason`, if that is needed.
  void add_dry_run(CLI::App *command, bool needs_reason = false);
  /// `--status`, `--org` and `--older-than`.
  void add_filter(CLI::App *command);
  /// A number of seconds, or a duration: `90` or `90s`, `5m`.
  void add_seconds(CLI::App *command, const char *name, const char *help,
                   std::function<void(std::chrono::seconds)> take);

private:
  CLI::App &ctl_;
  verb_runner run_;
  options_ptr options_ = std::make_shared<verb_options>();
};

/// The verbs, by what they are about.
void add_look_verbs(verb_tree &tree);
void add_gate_verbs(verb_tree &tree);
void add_setting_verbs(verb_tree &tree);
void add_operation_verbs(verb_tree &tree);
void add_repair_verbs(verb_tree &tree);
void add_ledger_verbs(verb_tree &tree);
void add_queue_verbs(verb_tree &tree);
void add_rollback_verbs(verb_tree &tree);
void add_drill_verbs(verb_tree &tree);
/// All of them.
void add_verbs(verb_tree &tree);

} // namespace sluice::tools
