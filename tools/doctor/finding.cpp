#include "tools/doctor/finding.hpp"

#include <algorithm>

#include "tools/ctl/text.hpp"

namespace sluice::tools {

namespace {

constexpr std::size_t level_width = 10;
constexpr std::size_t name_width = 14;

std::string padding(std::string_view text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ');
}

tint tint_of(severity how) {
  switch (how) {
  case severity::ok:
    return tint::good;
  case severity::warning:
    return tint::warning;
  case severity::critical:
    break;
  }
  return tint::bad;
}

} // namespace

std::string_view to_string(severity how) {
  switch (how) {
  case severity::ok:
    return "ok";
  case severity::warning:
    return "warning";
  case severity::critical:
    break;
  }
  return "critical";
}

severity worst_of(const findings &all) {
  auto worst = severity::ok;
  for (const auto &one : all)
    worst = std::max(worst, one.how);
  return worst;
}

std::string show_findings(const std::string &head, const findings &all,
                          bool has_colours) {
  auto out = escaped(head) + '\n';
  for (const auto &one : all) {
    const auto level = to_string(one.how);
    out += tinted(level, tint_of(one.how), has_colours) +
           padding(level, level_width) + one.name +
           padding(one.name, name_width) + escaped(one.found) + '\n';
    if (!one.next.empty())
      out += std::string(level_width + name_width, ' ') + "-> " +
             escaped(one.next) + '\n';
  }
  return out;
}

json findings_json(const findings &all) {
  json out = json::array();
  for (const auto &one : all)
    out.push_back(
        {{"level", to_string(one.how)},
         {"name", one.name},
         {"found", one.found},
         {"next", one.next.empty() ? json(nullptr) : json(one.next)}});
  return out;
}

} // namespace sluice::tools
