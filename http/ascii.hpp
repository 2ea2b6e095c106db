#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sluice::http {

// Characters as protocols know them: ASCII, whatever the locale.

namespace detail {

constexpr std::array<char, 256> make_token_table() {
  std::array<char, 256> table{};
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyz"}) {
    table[static_cast<unsigned char>(c)] = c;
  }
  for (char c = 'A'; c <= 'Z'; ++c) {
    table[static_cast<unsigned char>(c)] = static_cast<char>(c - 'A' + 'a');
  }
  return table;
}

inline constexpr auto token_table = make_token_table();

} // namespace detail

/// `c` in lower case when it may be part of a token (RFC 9110, 5.6.2), else 0.
constexpr char token_char(char c) {
  return detail::token_table[static_cast<unsigned char>(c)];
}

/// Whether `c` may stand in a field's value: anything but control characters.
constexpr bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// `c`, or the small letter when it is a capital one.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lowered(std::string_view text) {
  std::string out(text);
  for (char &c : out)
    c = lower(c);
  return out;
}

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Without the characters of `blanks` at both ends.
constexpr std::string_view trimmed(std::string_view text,
                                   std::string_view blanks = " \t") {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Whether `text` is `word`, which is in lower case, but for its case.
constexpr bool is_same_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != word[i]) {
      return false;
    }
  }
  return true;
}

} // namespace sluice::http
