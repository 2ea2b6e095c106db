#include "http/in/json_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace sluice::http {

namespace {

constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte)
    table[byte] = byte != '"' && byte != '\\';
  return table;
}

/// Bytes of a string that need no second look.
constexpr auto is_plain = make_plain_table();

bool is_plain_byte(char c) {
  return is_plain[static_cast<unsigned char>(c)];
}

constexpr std::uint64_t all_bytes(std::uint64_t byte) {
  return byte * 0x0101010101010101U;
}

unsigned byte_at(const char *at) {
  return static_cast<unsigned char>(*at);
}

bool is_continuation(unsigned byte) {
  return (byte & 0xC0U) == 0x80U;
}

unsigned hex_unit(const char *at) {
  unsigned value = 0;
  std::from_chars(at, at + 4, value, 16);
  return value;
}

void append_utf8(std::string &out, unsigned code) {
  auto put = [&out](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

/// Appends what the `\u` escape at `at` (its backslash) stands for; returns
/// where the text goes on.
const char *append_unicode(std::string &out, const char *at) {
  unsigned code = hex_unit(at + 2);
  at += 6;
  if (code >= 0xD800 && code < 0xDC00) {
    code = 0x10000 + ((code - 0xD800) << 10U) + (hex_unit(at + 2) - 0xDC00);
    at += 6;
  }
  append_utf8(out, code);
  return at;
}

char short_escape(char letter) {
  switch (letter) {
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  default:
    return letter;
  }
}

} // namespace

const char *skip_plain_text(const char *at, const char *end) {
  // Eight bytes at a time while all are plain. A borrow between bytes can only
  // make it stop too early, which the loop behind it mends.
  while (end - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t special = word | (word - all_bytes(0x20)) |
                                  ((word ^ all_bytes('"')) - all_bytes(1)) |
                                  ((word ^ all_bytes('\\')) - all_bytes(1));
    if ((special & all_bytes(0x80)) != 0)
      break;
    at += 8;
  }
  while (at != end && is_plain_byte(*at))
    ++at;
  return at;
}

std::size_t utf8_length(const char *at, const char *end) {
  const auto left = static_cast<std::size_t>(end - at);
  const unsigned lead = byte_at(at);
  if (lead < 0x80)
    return 1;
  if (lead < 0xC2 || lead > 0xF4 || left < 2)
    return 0;
  const unsigned second = byte_at(at + 1);
  if (lead < 0xE0)
    return is_continuation(second) ? 2 : 0;
  const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < lowest || second > highest || left < 3)
    return 0;
  if (!is_continuation(byte_at(at + 2)))
    return 0;
  if (lead < 0xF0)
    return 3;
  return left >= 4 && is_continuation(byte_at(at + 3)) ? 4 : 0;
}

std::string json_unescape(std::string_view inside) {
  std::string out;
  out.reserve(inside.size());
  const char *at = inside.data();
  const char *const end = at + inside.size();
  while (at != end) {
    if (*at != '\\') {
      out.push_back(*at++);
    } else if (at[1] == 'u') {
      at = append_unicode(out, at);
    } else {
      out.push_back(short_escape(at[1]));
      at += 2;
    }
  }
  return out;
}

bool is_printable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned byte = byte_at(&text[i]);
    if (byte < 0x20 || byte == 0x7F)
      return false;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xC2 && i + 1 < text.size() && byte_at(&text[i + 1]) < 0xA0)
      return false;
  }
  return true;
}

std::string pointer_to(std::string_view name) {
  constexpr std::size_t longest = 100;
  if (name.size() > longest) {
    std::size_t cut = longest;
    while (cut > 0 && is_continuation(byte_at(&name[cut])))
      --cut;
    name = name.substr(0, cut);
  }
  std::string out = "/";
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out.push_back(c);
  }
  return out;
}

} // namespace sluice::http
