#include <chrono>
#include <string>

#include <CLI/CLI.hpp>

#include "tools/ctl/verb_tree.hpp"

namespace sluice::tools {

namespace {

using std::chrono::seconds;

/// `--to`, or `--undo` in its place.
void add_target(verb_tree &tree, CLI::App *command) {
  const auto &options = tree.options();
  auto *to = command
                 ->add_option("--to", options->rollback.target,
                              "sync (if it is not said): straight into the "
                              "log; reject: no new events; stop: everything "
                              "stands still")
                 ->check(CLI::IsMember({"sync", "reject", "stop"}));
  command
      ->add_flag_callback(
          "--undo", [options] { options->rollback.target = "undo"; },
          "Back to how it was before the last rollback")
      ->excludes(to);
}

void add_report(verb_tree &tree, CLI::App *command) {
  command
      ->add_option("--report", tree.options()->rollback.report,
                   "Writes the report to FILE, and FILE.json")
      ->type_name("FILE");
}

void add_apply(verb_tree &tree, CLI::App &to) {
  const auto &options = tree.options();
  auto *apply = tree.add(
      to, "apply", "Carries it out; goes on with one that was interrupted",
      "rollback apply --to sync --reason 'the queue has a fault' --report "
      "r.txt",
      [](console &on, const verb_options &said) {
        if (said.is_trial)
          return run_rollback_plan(on, said.rollback.target);
        auto words = said.rollback;
        words.reason = said.why.reason;
        words.retry_after = said.retry_after;
        words.drain_limit = said.drain_limit;
        return run_rollback_apply(on, words);
      });
  add_target(tree, apply);
  tree.add_seconds(apply, "--retry-after",
                   "What refused clients are told to wait",
                   [options](seconds span) { options->retry_after = span; });
  tree.add_seconds(apply, "--timeout",
                   "Give the drain up after this; 10m if it is not said",
                   [options](seconds span) { options->drain_limit = span; });
  tree.add_reason(apply);
  add_report(tree, apply);
  apply->add_flag("--dry-run", options->is_trial, "Shows the plan only");
}

} // namespace

void add_rollback_verbs(verb_tree &tree) {
  auto *rollback = tree.add_group(
      "rollback", "Back to a way that is safe, step by step, with its proof");
  add_target(tree, tree.add(*rollback, "plan",
                            "The steps, how long they take, and what others "
                            "will notice; changes nothing",
                            "rollback plan --to sync",
                            [](console &on, const verb_options &said) {
                              return run_rollback_plan(on,
                                                       said.rollback.target);
                            }));
  add_apply(tree, *rollback);
  tree.add(*rollback, "verify",
           "Whether what the last one led to holds; 1 if not",
           "rollback verify", [](console &on, const verb_options &) {
             return run_rollback_verify(on);
           });
  tree.add_reason(tree.add(*rollback, "abort",
                           "Gives it up; the dials go back to where they were",
                           "rollback abort --reason 'it was the network'",
                           [](console &on, const verb_options &said) {
                             return run_rollback_abort(on, said.why.reason);
                           }));
  add_report(tree, tree.add(*rollback, "report", "The record of the last one",
                            "rollback report --report incident-7.txt",
                            [](console &on, const verb_options &said) {
                              return run_rollback_report(on,
                                                         said.rollback.report);
                            }));
}

} // namespace sluice::tools
