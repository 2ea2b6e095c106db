#include "tools/ctl/verb_tree.hpp"

#include <utility>

#include <CLI/CLI.hpp>

#include "config/units.hpp"

namespace sluice::tools {

using std::chrono::milliseconds;
using std::chrono::seconds;

verb_tree::verb_tree(CLI::App &ctl, verb_runner run)
    : ctl_(ctl), run_(std::move(run)) {}

CLI::App *verb_tree::add(CLI::App &to, const char *name, const char *help,
                         const std::string &example, verb what) {
  auto *command = to.add_subcommand(name, help);
  command->fallthrough();
  command->footer("Example:\n  sluice ctl " + example);
  command->callback([run = run_, options = options_, what = std::move(what)] {
    run(what, *options);
  });
  return command;
}

CLI::App *verb_tree::add_group(const char *name, const char *help) {
  auto *group = ctl_.add_subcommand(name, help);
  group->require_subcommand(1);
  group->fallthrough();
  return group;
}

void verb_tree::add_reason(CLI::App *command, bool is_required) {
  command
      ->add_option("--reason", options_->why.reason,
                   "Why; stands in the audit log")
      ->type_name("TEXT")
      ->required(is_required);
}

void verb_tree::add_seconds(CLI::App *command, const char *name,
                            const char *help,
                            std::function<void(seconds)> take) {
  command
      ->add_option_function<std::string>(
          name,
          [name, take = std::move(take)](const std::string &text) {
            auto span = config::parse_duration(text);
            if (const auto plain = config::parse_integer(text))
              span = *plain * 1000;
            if (!span || *span < 1000 || *span % 1000 != 0)
              throw CLI::ValidationError(
                  name, "has to be whole seconds, as in 90s or 5m");
            take(std::chrono::duration_cast<seconds>(milliseconds(*span)));
          },
          help)
      ->type_name("TIME");
}

void verb_tree::add_change_options(CLI::App *command) {
  add_reason(command);
  add_seconds(
      command, "--resume-after",
      "After this ALL dials go back, not this one only: intake async, "
      "processing and delivery running",
      [options = options_](seconds span) { options->why.resume_after = span; });
  add_dry_run(command);
}

void verb_tree::add_limit(CLI::App *command) {
  constexpr int longest_list = 1000;
  command
      ->add_option("--limit", options_->filter.limit,
                   "Lines at the most; 50 if it is not said")
      ->check(CLI::Range(1, longest_list));
}

void verb_tree::add_dry_run(CLI::App *command, bool needs_reason) {
  command->add_flag("--dry-run", options_->is_trial,
                    "Say what would be done; write nothing");
  if (needs_reason)
    command->parse_complete_callback([options = options_] {
      if (!options->is_trial && options->why.reason.empty())
        throw CLI::RequiredError("--reason");
    });
}

void verb_tree::add_filter(CLI::App *command) {
  command->add_option("--status", options_->filter.status, "Only these")
      ->check(CLI::IsMember({"pending", "processing", "quarantined"}));
  command
      ->add_option("--org", options_->filter.organization,
                   "Only this organization's")
      ->type_name("ID");
  add_seconds(command, "--older-than", "Only what was accepted before that",
              [options = options_](seconds span) {
                options->filter.older_than = span;
              });
}

void add_verbs(verb_tree &tree) {
  add_look_verbs(tree);
  add_gate_verbs(tree);
  add_setting_verbs(tree);
  add_operation_verbs(tree);
  add_repair_verbs(tree);
  add_ledger_verbs(tree);
  add_queue_verbs(tree);
  add_rollback_verbs(tree);
  add_drill_verbs(tree);
}

} // namespace sluice::tools
