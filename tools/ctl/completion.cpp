#include "tools/ctl/completion.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <CLI/CLI.hpp>

#include "tools/ctl/line_words.hpp"

namespace sluice::tools {

namespace {

using words = std::vector<std::string>;

/// Where a line has led so far.
struct place {
  const CLI::App *verb;
  /// Words behind the verb that are no options.
  std::size_t values = 0;
  /// The option whose value comes next; null: none.
  const CLI::Option *open = nullptr;
};

const CLI::App *verb_below(const CLI::App &verb, const std::string &name) {
  const auto found = verb.get_subcommands(
      [&](const CLI::App *one) { return one->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

/// Of this verb, or of one above it.
const CLI::Option *find_option(const CLI::App *verb, const std::string &name) {
  for (; verb != nullptr; verb = verb->get_parent())
    if (const auto *found = verb->get_option_no_throw(name))
      return found;
  return nullptr;
}

place follow(const CLI::App &root, const words &said) {
  place at{&root};
  for (const auto &word : said) {
    if (std::exchange(at.open, nullptr) != nullptr)
      continue;
    if (word.starts_with('-')) {
      const auto *option = find_option(at.verb, word);
      if (option != nullptr && option->get_items_expected_max() > 0)
        at.open = option;
    } else if (const auto *below = verb_below(*at.verb, word)) {
      at.verb = below;
    } else {
      ++at.values;
    }
  }
  return at;
}

words verbs_below(const CLI::App &verb) {
  words out;
  for (const auto *one : verb.get_subcommands({}))
    out.push_back(one->get_name());
  return out;
}

words options_at(const CLI::App *verb) {
  words out;
  for (; verb != nullptr; verb = verb->get_parent())
    for (const auto *one : verb->get_options())
      for (const auto &name : one->get_lnames())
        out.push_back("--" + name);
  return out;
}

words values_of(const std::string &option) {
  if (option == "--status")
    return {"pending", "processing", "quarantined"};
  return {};
}

/// What stands behind the verb itself.
words values_at(const place &at, const known_names &names) {
  const auto &verb = at.verb->get_name();
  if (at.values > 0)
    return {};
  if (verb == "mode")
    return {"async", "sync", "reject"};
  if (verb == "pause" || verb == "resume")
    return {"processing", "delivery"};
  if (verb == "set" || verb == "unset")
    return names.settings;
  if (verb == "restart")
    return names.parts;
  return verbs_below(*at.verb);
}

} // namespace

std::vector<std::string> candidates(const CLI::App &verbs,
                                    std::string_view line,
                                    const known_names &names) {
  const auto begun = split_begun(line);
  auto said = begun.words;
  // `help` stands before any verb.
  const bool is_help = !said.empty() && said.front() == "help";
  if (is_help)
    said.erase(said.begin());
  const auto at = follow(verbs, said);
  words all;
  if (at.open != nullptr)
    all = values_of(at.open->get_name());
  else if (begun.last.starts_with('-'))
    all = options_at(at.verb);
  else
    all = is_help ? verbs_below(*at.verb) : values_at(at, names);
  if (begun.words.empty())
    all.insert(all.end(), {"help", "exit"});
  std::erase_if(all,
                [&](const auto &one) { return !one.starts_with(begun.last); });
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::string common_beginning(const std::vector<std::string> &words) {
  if (words.empty())
    return {};
  std::string out = words.front();
  for (const auto &word : words) {
    const auto differ =
        std::mismatch(out.begin(), out.end(), word.begin(), word.end());
    out.erase(differ.first, out.end());
  }
  return out;
}

} // namespace sluice::tools
