#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace sluice::tools {

/// The words of a line as a shell would have them: parted by blanks, held
/// together by '...' (as it is), "..." and `\` (the next character as it is). A
/// `#` at the beginning of a word ends the line. Or why there are none. Pure.
tl::expected<std::vector<std::string>, std::string>
split_line(std::string_view line);

/// The beginning of a line, for whoever wants to complete it: the words that
/// stand, and what of the last one is there; empty behind a blank.
struct begun_line {
  std::vector<std::string> words;
  std::string last;
};
begun_line split_begun(std::string_view line);

} // namespace sluice::tools
