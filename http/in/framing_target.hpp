#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

/// The parts of a request's target, as they came.
struct target_parts {
  std::string_view path;
  /// Without its question mark.
  std::string_view query;
};

/// Takes a target apart; an absolute URL loses its scheme and authority.
/// Nothing when it is neither a path nor a URL.
std::optional<target_parts> split_target(std::string_view target);

/// The decoded path: `raw` itself, or `storage` when something had to be
/// decoded. Nothing when no resource can have this path: a malformed escape,
/// an encoded slash, a control character, an empty, `.` or `..` segment.
std::optional<std::string_view> decode_path(std::string_view raw,
                                            std::string &storage);

/// Appends the decoded parameters. False when an escape is malformed.
bool parse_query(std::string_view raw,
                 std::vector<std::pair<std::string, std::string>> &out);

} // namespace sluice::http
