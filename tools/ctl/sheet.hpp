#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tools/ctl/json_words.hpp"

/// What the texts of answers are made of. Pure.
namespace sluice::tools {

/// Cells, to be aligned.
using lines = std::vector<std::vector<std::string>>;

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
