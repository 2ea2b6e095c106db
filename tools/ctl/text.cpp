#include "tools/ctl/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

namespace sluice::tools {

namespace {

std::string formatted(const char *how, unsigned value) {
  std::array<char, 16> out{};
  // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): two of our own
  const int size = std::snprintf(out.data(), out.size(), how, value);
  return {out.data(), static_cast<std::size_t>(size)};
}

struct character {
  unsigned code = 0;
  std::size_t length = 1;
};

/// The well-formed character at the beginning; nothing when there is none.
std::optional<character> first_of(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return static_cast<unsigned char>(text[at]);
  };
  const unsigned first = byte(0);
  if (first < 0x80)
    return character{first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length)
    return std::nullopt;
  unsigned code = first & (0xffU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0U) != 0x80)
      return std::nullopt;
    code = (code << 6U) | (byte(at) & 0x3fU);
  }
  const bool is_overlong =
      (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  if (is_overlong || is_surrogate || code > 0x10ffff)
    return std::nullopt;
  return character{code, length};
}

/// No width, or it turns the direction of what follows.
bool deceives(unsigned code) {
  return (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
         code == 0x061c || code == 0x00ad ||
         (code >= 0xfff9 && code <= 0xfffb) ||
         (code >= 0xe0000 && code <= 0xe007f);
}

bool controls(unsigned code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

std::string escape_of(unsigned code) {
  switch (code) {
  case '\n':
    return "\\n";
  case '\r':
    return "\\r";
  case '\t':
    return "\\t";
  default:
    return formatted(code < 0x100 ? "\\x%02x" : "\\u%04x", code);
  }
}

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80;
}

} // namespace

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto next = first_of(text);
    const auto length = next ? next->length : 1;
    if (!next)
      out += formatted("\\x%02x", static_cast<unsigned char>(text.front()));
    else if (controls(next->code) || deceives(next->code))
      out += escape_of(next->code);
    else
      out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out;
}

std::string tinted(std::string_view word, tint how, bool has_colours) {
  const auto in = [&](const char *code) {
    return std::string("\x1b[") + code + 'm' + std::string(word) + "\x1b[0m";
  };
  if (!has_colours)
    return std::string(word);
  switch (how) {
  case tint::good:
    return in("32");
  case tint::warning:
    return in("33");
  case tint::bad:
    return in("31");
  case tint::faint:
    return in("2");
  case tint::none:
    break;
  }
  return std::string(word);
}

std::string aligned(const std::vector<std::vector<std::string>> &lines) {
  std::vector<std::vector<std::string>> shown = lines;
  std::vector<std::size_t> widths;
  for (auto &line : shown)
    for (std::size_t column = 0; column < line.size(); ++column) {
      line[column] = escaped(line[column]);
      if (widths.size() <= column)
        widths.push_back(0);
      widths[column] = std::max(widths[column], width_of(line[column]));
    }
  std::string out;
  for (const auto &line : shown) {
    std::string text;
    for (std::size_t column = 0; column < line.size(); ++column) {
      text += line[column];
      text.append(widths[column] - width_of(line[column]) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, begins_character));
}

std::string cut(std::string_view text, std::size_t columns) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++at)
    if (begins_character(text[at]) && ++width > columns)
      return std::string(text.substr(0, at));
  return std::string(text);
}

std::string grouped(long number) {
  auto digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (auto at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, 1, ' ');
  }
  return digits;
}

} // namespace sluice::tools
