#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tools/ctl/show.hpp"
#include "tools/ctl/text.hpp"

/// What the texts of answers are made of. Pure.
namespace sluice::tools {

/// Cells, to be aligned.
using lines = std::vector<std::vector<std::string>>;

/// What stands at `path` (`a.b`); null when nothing does.
json at(const json &from, std::string_view path);

/// As a word: strings as they are (to be escaped yet), numbers in groups.
std::string word(const json &value);
std::string word(const json &from, std::string_view path);

/// The number at `path`; 0 when there is none.
long number_at(const json &from, std::string_view path);

bool is_true(const json &from, std::string_view path);

/// The list of that name; an empty one when there is none.
const json &list_of(const json &from, const char *name);

/// The list at `path`; an empty one when there is none.
json list_at(const json &from, std::string_view path);

/// Each line behind its label.
class sheet {
public:
  void add(std::string_view label, std::string_view text,
           std::string_view mark = {}) {
    constexpr std::size_t width = 12;
    std::string line(label);
    line.append(width - std::min(width, label.size()), ' ');
    line += escaped(text);
    line += mark;
    out_ += line + '\n';
  }
  std::string text() const { return out_; }

private:
  std::string out_;
};

} // namespace sluice::tools
