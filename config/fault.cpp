#include "config/fault.hpp"

namespace sluice::config {

namespace {

bool is_control(std::string_view text, std::size_t at) {
  auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x20 || byte == 0x7f)
    return true;
  // U+0080 to U+009F, which terminals obey too.
  auto before = at > 0 ? static_cast<unsigned char>(text[at - 1]) : 0U;
  return before == 0xc2 && byte >= 0x80 && byte < 0xa0;
}

std::string escaped(char character) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto byte = static_cast<unsigned char>(character);
  return {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
}

} // namespace

std::string one_line(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at == limit)
      return out + "...";
    if (is_control(text, at))
      out += escaped(text[at]);
    else
      out += text[at];
  }
  return out;
}

std::string to_string(const origin &where) {
  if (where.from == source::built_in)
    return "default";
  auto out = one_line(where.name, 1000);
  for (int number : {where.line, where.column}) {
    if (number == 0)
      break;
    out += ':' + std::to_string(number);
  }
  return out;
}

std::string to_string(const fault &found) {
  auto out = to_string(found.where) + ": ";
  if (!found.key.empty())
    out += one_line(found.key) + ": ";
  out += one_line(found.problem, 1000);
  if (!found.suggestion.empty())
    out += "; did you mean " + found.suggestion + "?";
  return out;
}

} // namespace sluice::config
