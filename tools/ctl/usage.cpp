#include "tools/ctl/usage.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "config/nearest.hpp"
#include "tools/ctl/text.hpp"

namespace sluice::tools {

namespace {

/// How far the words led, with their names in between.
struct deepest_place {
  const CLI::App *verb = nullptr;
  std::string path;
};

deepest_place follow_parsed(const CLI::App *app) {
  deepest_place at{app, app->get_name()};
  while (!at.verb->get_subcommands().empty()) {
    at.verb = at.verb->get_subcommands().front();
    at.path += (at.path.empty() ? "" : " ") + at.verb->get_name();
  }
  return at;
}

/// The first word that nothing has taken.
std::string stray_word(const CLI::App *app) {
  for (const auto &one : app->remaining(true))
    if (!one.starts_with('-'))
      return one;
  return {};
}

std::vector<std::string> names_below(const CLI::App *verb) {
  std::vector<std::string> out;
  for (const auto *one : verb->get_subcommands({}))
    out.push_back(one->get_name());
  return out;
}

} // namespace

std::string nearest_word(std::string_view said,
                         const std::vector<std::string> &known) {
  constexpr std::size_t longest_compared = 30;
  constexpr std::size_t shortest_beginning = 3;
  if (said.empty() || said.size() > longest_compared)
    return {};
  std::string best;
  // In a short word two slips make another one.
  std::size_t least = said.size() > 3 ? 3 : 2;
  for (const auto &one : known) {
    const bool is_beginning =
        said.size() >= shortest_beginning && one.starts_with(said);
    const auto steps = is_beginning ? 1 : config::distance(said, one);
    if (steps >= least)
      continue;
    least = steps;
    best = one;
  }
  return best;
}

std::string usage_message(const CLI::App *app, const CLI::Error &wrong) {
  const auto at = follow_parsed(app);
  const bool is_line = app->get_name().empty();
  if (wrong.get_name() != "RequiredError" ||
      at.verb->get_require_subcommand_min() == 0)
    return CLI::FailureMessage::simple(app, wrong);
  const auto program =
      is_line ? "sluice ctl" + (at.path.empty() ? "" : ' ' + at.path) : at.path;
  const auto list = is_line ? "help" + (at.path.empty() ? "" : ' ' + at.path)
                            : at.path + " --help";
  const auto said = stray_word(app);
  if (said.empty())
    return program + ": say what to do; `" + list + "` lists what there is\n";
  const auto nearest = nearest_word(said, names_below(at.verb));
  return program + ": there is no `" + escaped(said) + "`" +
         (nearest.empty() ? "" : ", did you mean `" + nearest + "`?") +
         (nearest.empty() ? "; `" : " `") + list + "` lists what there is\n";
}

} // namespace sluice::tools
