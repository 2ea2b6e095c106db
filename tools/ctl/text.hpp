#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Text for a terminal. Pure.
namespace sluice::tools {

/// `text` with all that could steer a terminal, or deceive who reads it,
/// written out: control characters (`\n`, `\x1b`), characters that turn the
/// direction of writing or have no width (`\u202e`), bytes that are not UTF-8
/// (`\xff`).
std::string escaped(std::string_view text);

/// What a terminal gives a word that should be seen.
enum class tint : std::uint8_t { none, good, warning, bad, faint };

/// The word in its colour, if there are colours.
std::string tinted(std::string_view word, tint how, bool has_colours);

/// Lines of cells, each column as wide as its widest cell, two blanks between
/// them, none at the end of a line. Cells are escaped.
std::string aligned(const std::vector<std::vector<std::string>> &lines);

/// How many characters; near enough to how many columns.
std::size_t width_of(std::string_view text);

/// The beginning of it, `columns` wide at the most.
std::string cut(std::string_view text, std::size_t columns);

/// `1234567` as `1 234 567`.
std::string grouped(long number);

} // namespace sluice::tools
