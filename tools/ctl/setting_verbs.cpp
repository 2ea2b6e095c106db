#include <CLI/CLI.hpp>

#include "tools/ctl/verb_tree.hpp"

namespace sluice::tools {

void add_setting_verbs(verb_tree &tree) {
  const auto &options = tree.options();
  auto *set =
      tree.add("set", "Overrides a setting on all nodes, until it is unset",
               "set processor.max_concurrency 8",
               [](console &on, const verb_options &said) {
                 return run_set(on, said.word, said.value, said.change());
               });
  set->add_option("KEY", options->word,
                  "As in `sluice config docs`; KEY=VALUE is taken, too")
      ->required();
  const auto *value =
      set->add_option("VALUE", options->value, "As behind --set");
  set->parse_complete_callback([options, value] {
    if (value->count() > 0)
      return;
    // No key has such a character.
    const auto equals = options->word.find('=');
    if (equals == std::string::npos)
      throw CLI::ValidationError("VALUE", "is missing: say set KEY VALUE");
    options->value = options->word.substr(equals + 1);
    options->word.resize(equals);
  });
  tree.add_reason(set);
  tree.add_dry_run(set);
  auto *unset = tree.add("unset", "Takes an override back",
                         "unset processor.max_concurrency",
                         [](console &on, const verb_options &said) {
                           return run_unset(on, said.word, said.change());
                         });
  unset->add_option("KEY", options->word, "As shown by `settings`")->required();
  tree.add_reason(unset);
  tree.add_dry_run(unset);
  tree.add_reason(tree.add(
      "reload", "Reads the settings' file anew; shows what is different",
      "reload", [](console &on, const verb_options &said) {
        return run_reload(on, said.why.reason);
      }));
}

} // namespace sluice::tools
