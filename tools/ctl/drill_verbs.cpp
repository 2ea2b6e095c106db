#include <string>

#include <CLI/CLI.hpp>

#include "tools/ctl/verb_tree.hpp"

namespace sluice::tools {

namespace {

struct drill_verb {
  const char *name;
  /// What it rehearses, and what others notice.
  const char *help;
};

constexpr drill_verb drill_verbs[] = {
    {"kill-worker", "A worker dies. Others notice nothing, or items that take "
                    "a second longer"},
    {"kill-poller",
     "The poller dies. Others' items on this node wait a moment longer"},
    {"stuck-items",
     "A node dies with items in its hands. Others notice nothing; items of "
     "theirs that are stuck are rescued, too"},
    {"db-outage",
     "This node loses its database for 3 s. Others' requests to it are refused "
     "with 503 meanwhile; other nodes are not touched"},
    {"poison",
     "The log refuses some events. Others' items of the same claims are moved "
     "one by one, which takes a little longer"},
    {"sync-roundtrip",
     "Past the queue, and back, on all nodes. Others' events are answered 201 "
     "in the place of 202 for a moment"},
    {"rollback",
     "A rollback to sync, and its undoing, on all nodes. Others' events are "
     "answered 201 for a second or so, and the queue is emptied"},
    {"slow-endpoint",
     "An endpoint of the drill's own answers nobody for a moment. Others "
     "notice nothing"},
};

void add_drill_options(verb_tree &tree, CLI::App *command) {
  constexpr int fewest_events = 20;
  constexpr int most_events = 5'000;
  const auto &options = tree.options();
  command
      ->add_option("--events", options->drill.events,
                   "How many marked events; 200 if it is not said")
      ->check(CLI::Range(fewest_events, most_events));
  command->add_flag("--force", options->drill.is_forced,
                    "Even while the service is not well");
  tree.add_reason(command);
}

CLI::App *add_drill(verb_tree &tree, CLI::App &to, const drill_verb &what) {
  const std::string name = what.name;
  auto *command = tree.add(to, what.name, what.help, "drill " + name,
                           [name](console &on, const verb_options &said) {
                             auto words = said.drill;
                             words.name = name;
                             words.reason = said.why.reason;
                             return run_drill(on, words);
                           });
  add_drill_options(tree, command);
  return command;
}

} // namespace

void add_drill_verbs(verb_tree &tree) {
  auto *drill = tree.add_group(
      "drill", "Rehearses a fault on the running service, with events of its "
               "own that are removed again; 0 if it passed, 1 if not");
  for (const auto &one : drill_verbs)
    add_drill(tree, *drill, one);
  add_drill(tree, *drill,
            {"all", "One after the other; stops at the first that does not "
                    "pass. Others notice what each says"})
      ->add_flag("--keep-going", tree.options()->drill.keeps_going,
                 "Goes on after one that failed");
  tree.add_limit(tree.add(*drill, "history", "The drills that there were",
                          "drill history --limit 10",
                          [](console &on, const verb_options &said) {
                            return run_drill_history(on, said.filter.limit);
                          }));
}

} // namespace sluice::tools
