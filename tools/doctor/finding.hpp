#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace sluice::tools {

using json = nlohmann::ordered_json;

enum class severity : std::uint8_t { ok, warning, critical };

std::string_view to_string(severity how);

/// One line of the checklist.
struct finding {
  severity how = severity::ok;
  std::string name;
  std::string found{};
  /// The command to run next; empty where all is well.
  std::string next{};
};

using findings = std::vector<finding>;

/// Of all of them; `ok` when there are none.
severity worst_of(const findings &all);

/// One line each, and the next command below it. `head` says what was looked
/// at. Escaped.
std::string show_findings(const std::string &head, const findings &all,
                          bool has_colours);

json findings_json(const findings &all);

} // namespace sluice::tools
