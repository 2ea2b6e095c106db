#include "config/amend.hpp"

#include <string_view>
#include <utility>

#include "config/describe.hpp"
#include "config/interpret.hpp"
#include "config/nearest.hpp"
#include "config/rules.hpp"

namespace sluice::config {

namespace {

/// What is wrong with one assignment; an empty text when it was carried out.
fault assign(settings &into, std::string_view assignment) {
  auto sign = assignment.find('=');
  auto key = assignment.substr(0, sign);
  const auto *setting = find(key);
  if (setting == nullptr)
    return {.key = one_line(key),
            .problem = "unknown setting",
            .suggestion = nearest_key(key)};
  fault out{.key = std::string(key)};
  if (sign == std::string_view::npos)
    out.problem = "has no value; write key=value";
  else if (setting->takes_effect != change::hot)
    out.problem = "takes effect at a start only";
  if (!out.problem.empty())
    return out;
  if (auto found = interpret_text(*setting, assignment.substr(sign + 1)))
    setting->set(into, *found);
  else
    out.problem = found.error();
  return out;
}

std::string held(std::string_view key, const settings &all) {
  const auto &setting = *find(key);
  return to_text(setting, setting.get(all));
}

fault contradiction(const rule &broken, const settings &all) {
  return {.key = std::string(broken.left),
          .problem = "is " + held(broken.left, all) + ", but has to be " +
                     std::string(broken.relation) + " " +
                     std::string(broken.right) + " (" +
                     held(broken.right, all) + ")"};
}

} // namespace

tl::expected<settings, std::vector<fault>>
amend(settings from, std::span<const std::string> assignments) {
  std::vector<fault> faults;
  for (const auto &one : assignments)
    if (auto found = assign(from, one); !found.problem.empty())
      faults.push_back(std::move(found));
  // Values that were not taken say nothing about the others.
  if (faults.empty())
    for (const auto &rule : rules())
      if (!rule.holds(from))
        faults.push_back(contradiction(rule, from));
  if (!faults.empty())
    return tl::unexpected<std::vector<fault>>(std::move(faults));
  return from;
}

} // namespace sluice::config
