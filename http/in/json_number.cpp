#include "http/in/json_number.hpp"

#include <charconv>

namespace sluice::http {

namespace {

/// How a number's first digit that is not zero stands to the point.
struct magnitude {
  bool is_zero = true;
  long power = 0;
};

magnitude magnitude_of(std::string_view number) {
  magnitude out;
  long before_point = 0;
  long zeros_behind = 0;
  bool is_behind = false;
  std::size_t i = number.front() == '-' ? 1 : 0;
  for (; i < number.size() && (number[i] | 0x20) != 'e'; ++i) {
    if (number[i] == '.') {
      is_behind = true;
      continue;
    }
    out.is_zero = out.is_zero && number[i] == '0';
    if (!is_behind)
      before_point += out.is_zero ? 0 : 1;
    else
      zeros_behind += out.is_zero ? 1 : 0;
  }
  out.power = before_point > 0 ? before_point : -zeros_behind;
  if (i == number.size())
    return out;
  number.remove_prefix(i + 1);
  const bool is_negative = number.front() == '-';
  if (number.front() == '-' || number.front() == '+')
    number.remove_prefix(1);
  long exponent = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), exponent)
          .ec != std::errc{})
    exponent = 1'000'000'000'000'000;
  out.power += is_negative ? -exponent : exponent;
  return out;
}

} // namespace

bool is_beyond_double(std::string_view number) {
  constexpr long surely_inside = 300;
  constexpr long surely_outside = 400;
  const bool has_exponent =
      number.find_first_of("eE") != std::string_view::npos;
  if (!has_exponent && number.size() <= surely_inside)
    return false;
  const magnitude size = magnitude_of(number);
  if (size.is_zero || size.power <= surely_inside)
    return false;
  if (size.power >= surely_outside)
    return true;
  double value = 0;
  return std::from_chars(number.data(), number.data() + number.size(), value)
             .ec != std::errc{};
}

std::optional<long> json_integer(std::string_view number) {
  long value = 0;
  const char *const end = number.data() + number.size();
  auto [stop, code] = std::from_chars(number.data(), end, value);
  if (code != std::errc{} || stop != end)
    return std::nullopt;
  return value;
}

} // namespace sluice::http
