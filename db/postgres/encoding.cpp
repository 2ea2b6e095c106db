#include "db/postgres/encoding.hpp"

#include <charconv>
#include <cstdlib>

#include "db/postgres/errors.hpp"

namespace sluice::db::postgres {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void refuse_nul(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    throw refusal(errc::rejected, "a text holds a NUL character");
}

std::optional<unsigned> hex_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f')
    return static_cast<unsigned>(digit - 'a' + 10);
  return std::nullopt;
}

/// Length of the well-formed UTF-8 character that `text` begins with; 0 when
/// it begins with none.
std::size_t character_length(std::string_view text) {
  auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  auto is_tail = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  auto lead = byte(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xC2 && lead <= 0xDF)
    return is_tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    auto overlong = lead == 0xE0 && byte(1) < 0xA0;
    auto surrogate = lead == 0xED && byte(1) >= 0xA0;
    return !overlong && !surrogate && is_tail(1) && is_tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    auto overlong = lead == 0xF0 && byte(1) < 0x90;
    auto too_large = lead == 0xF4 && byte(1) >= 0x90;
    auto tails = is_tail(1) && is_tail(2) && is_tail(3);
    return !overlong && !too_large && tails ? 4 : 0;
  }
  return 0;
}

/// The form that means the same whatever `standard_conforming_strings` is.
void append_literal(std::string &out, std::string_view text) {
  refuse_nul(text);
  out += " E'";
  for (auto stop = text.find_first_of("'\\"); stop != std::string_view::npos;
       stop = text.find_first_of("'\\")) {
    out.append(text.substr(0, stop)).append(2, text[stop]);
    text.remove_prefix(stop + 1);
  }
  out.append(text).append(1, '\'');
}

} // namespace

void append_quoted(std::string &array, std::string_view text) {
  refuse_nul(text);
  array += '"';
  for (auto stop = text.find_first_of("\"\\"); stop != std::string_view::npos;
       stop = text.find_first_of("\"\\")) {
    array.append(text.substr(0, stop)).append(1, '\\').append(1, text[stop]);
    text.remove_prefix(stop + 1);
  }
  array.append(text).append(1, '"');
}

std::string
call_text(std::string_view function,
          std::initializer_list<std::optional<std::string_view>> arguments) {
  std::string text = "SELECT * FROM ";
  text.append(function).append(1, '(');
  for (const auto &argument : arguments) {
    if (text.back() != '(')
      text += ',';
    if (argument)
      append_literal(text, *argument);
    else
      text += "NULL";
  }
  return text += ')';
}

std::string parameter(std::string_view text) {
  refuse_nul(text);
  return std::string(text);
}

std::string bytea(std::span<const std::uint8_t> bytes) {
  std::string text = "\\x";
  for (auto byte : bytes) {
    text += hex_digits[byte >> 4U];
    text += hex_digits[byte & 15U];
  }
  return text;
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (auto letter : bytes) {
    auto byte = static_cast<unsigned char>(letter);
    text += hex_digits[byte >> 4U];
    text += hex_digits[byte & 15U];
  }
  return text;
}

std::optional<std::string> parse_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return std::nullopt;
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    auto high = hex_value(text[at]);
    auto low = hex_value(text[at + 1]);
    if (!high || !low)
      return std::nullopt;
    bytes += static_cast<char>(*high << 4U | *low);
  }
  return bytes;
}

uuid read_uuid(const char *text) {
  auto value = uuid::parse(text);
  if (!value)
    throw std::runtime_error("not a uuid");
  return *value;
}

timestamp read_time(const char *microseconds) {
  char *end = nullptr;
  auto value = std::strtoll(microseconds, &end, 10);
  if (end == microseconds || *end != '\0')
    throw std::runtime_error("not a time");
  return timestamp(std::chrono::microseconds(value));
}

std::string storable_line(std::string_view text, std::size_t limit) {
  std::string line;
  while (!text.empty()) {
    auto length = character_length(text);
    auto is_control =
        length == 1 &&
        (static_cast<unsigned char>(text[0]) < ' ' || text[0] == 127);
    auto kept = length == 0 || is_control ? std::string_view(" ")
                                          : text.substr(0, length);
    if (line.size() + kept.size() > limit)
      break;
    line += kept;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return line;
}

} // namespace sluice::db::postgres
