#include <chrono>
#include <string>

#include <CLI/CLI.hpp>

#include "tools/ctl/verb_tree.hpp"

namespace sluice::tools {

using std::chrono::seconds;

namespace {

void add_dial(verb_tree &tree, const char *name, const char *help,
              const char *example) {
  const auto &options = tree.options();
  auto *command = tree.add(
      name, help, example,
      [name = std::string(name)](console &on, const verb_options &said) {
        return run_dial(on, name, said.word.empty() ? "processing" : said.word,
                        said.change());
      });
  command
      ->add_option("DIAL", options->word,
                   "processing (if it is not said) or delivery")
      ->check(CLI::IsMember({"processing", "delivery"}));
  tree.add_change_options(command);
}

} // namespace

void add_gate_verbs(verb_tree &tree) {
  const auto &options = tree.options();
  auto *mode = tree.add("mode", "How events come in",
                        "mode sync --reason 'the queue has a fault'",
                        [](console &on, const verb_options &said) {
                          return run_mode(on, said.word, said.retry_after,
                                          said.change());
                        });
  mode->add_option("MODE", options->word,
                   "async: by the queue; sync: straight into the log; "
                   "reject: not at all")
      ->required()
      ->check(CLI::IsMember({"async", "sync", "reject"}));
  tree.add_seconds(mode, "--retry-after",
                   "With reject: when clients may ask again",
                   [options](seconds span) { options->retry_after = span; });
  tree.add_change_options(mode);
  add_dial(tree, "pause", "Stops claiming or delivering",
           "pause processing --resume-after 10m --reason 'database work'");
  add_dial(tree, "resume", "Claims or delivers again", "resume processing");
  auto *drain =
      tree.add("drain",
               "Empties the queue, then pauses; waits for it, and shows "
               "the proof",
               "drain --timeout 10m --reason 'before the upgrade'",
               [](console &on, const verb_options &said) {
                 return run_drain(on, said.drain_limit, said.change());
               });
  tree.add_seconds(drain, "--timeout",
                   "Give up after this; 10m if it is not said",
                   [options](seconds span) { options->drain_limit = span; });
  tree.add_change_options(drain);
}

} // namespace sluice::tools
