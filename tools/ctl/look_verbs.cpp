#include <chrono>
#include <string>

#include <CLI/CLI.hpp>

#include "actors/part_names.hpp"
#include "config/units.hpp"
#include "tools/ctl/top.hpp"
#include "tools/ctl/verb_tree.hpp"

namespace sluice::tools {

namespace {

void add_top(verb_tree &tree) {
  const auto &options = tree.options();
  auto *top = tree.add(
      "top", "Shows the service as it is, again and again; q leaves",
      "top --interval 2s", [](console &on, const verb_options &said) {
        return run_top(on, {.frames = said.frames, .interval = said.interval});
      });
  constexpr int most_frames = 1'000'000;
  top->add_option("--count", options->frames,
                  "End after so many looks; one, off a terminal")
      ->check(CLI::Range(1, most_frames));
  top->add_option_function<std::string>(
         "--interval",
         [options](const std::string &text) {
           constexpr long shortest = 100;
           const auto span = config::parse_duration(text);
           if (!span || *span < shortest)
             throw CLI::ValidationError(
                 "--interval", "has to be a duration of 100ms at least");
           options->interval = std::chrono::milliseconds(*span);
         },
         "Between two looks; 1s if it is not said")
      ->type_name("TIME");
}

/// "ingest, poller, ...".
std::string restartable_text() {
  std::string out;
  for (const auto name : actors::restartable_names())
    out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

} // namespace

void add_look_verbs(verb_tree &tree) {
  tree.add("status", "How the service is, and how its dials stand", "status",
           [](console &on, const verb_options &) { return run_status(on); });
  add_top(tree);
  tree.add("actors", "The parts of the service, their restarts and errors",
           "actors",
           [](console &on, const verb_options &) { return run_actors(on); });
  tree.add("nodes", "The nodes that work on this store", "nodes",
           [](console &on, const verb_options &) { return run_nodes(on); });
  tree.add("settings", "The settings of the running node", "settings",
           [](console &on, const verb_options &) { return run_settings(on); });
  tree.add("endpoints", "An organization's endpoints for webhooks",
           "endpoints --org ID",
           [](console &on, const verb_options &said) {
             return run_endpoints(on, said.filter.organization);
           })
      ->add_option("--org", tree.options()->filter.organization, "Whose")
      ->type_name("ID")
      ->required();
  tree.add_limit(tree.add("audit", "Who did what, newest first",
                          "audit --limit 20",
                          [](console &on, const verb_options &said) {
                            return run_audit(on, said.filter.limit);
                          }));
}

void add_operation_verbs(verb_tree &tree) {
  const auto &options = tree.options();
  tree.add_reason(tree.add("poll", "Looks for items now, whatever the interval",
                           "poll", [](console &on, const verb_options &said) {
                             return run_poll(on, said.why.reason);
                           }));
  auto *cleanup =
      tree.add("cleanup", "Takes stuck items from their holders now", "cleanup",
               [](console &on, const verb_options &said) {
                 return run_cleanup(on, said.change());
               });
  tree.add_reason(cleanup);
  tree.add_dry_run(cleanup);
  auto *restart =
      tree.add("restart", "Starts a part of the service again",
               "restart poller", [](console &on, const verb_options &said) {
                 return run_restart(on, said.word, said.why.reason);
               });
  restart
      ->add_option("ACTOR", options->word,
                   "As under RESTART AS in `sluice ctl actors`: " +
                       restartable_text())
      ->required();
  tree.add_reason(restart);
}

void add_repair_verbs(verb_tree &tree) {
  const auto &options = tree.options();
  auto *assess = tree.add("assess", "What is damaged, and what to do about it",
                          "assess", [](console &on, const verb_options &said) {
                            return run_assess(on, said.is_quick);
                          });
  assess->add_flag("--quick", options->is_quick,
                   "Take the last check of the books, don't make one");
  auto *recover = tree.add(
      "recover", "Mends what has a safe rule, on the record; names the rest",
      "recover --reason 'after the crash, ticket 7' --yes",
      [](console &on, const verb_options &said) {
        return run_recover(on, said.change());
      });
  tree.add_reason(recover);
  tree.add_dry_run(recover);
}

} // namespace sluice::tools
