#include "config/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "config/fault.hpp"

namespace sluice::config {

namespace {

struct unit {
  std::string_view name;
  std::int64_t factor = 1;
  /// Formatted with this unit from so many on.
  std::int64_t at_least = 1;
};

constexpr std::array durations = {
    unit{.name = "d", .factor = 86'400'000, .at_least = 2},
    unit{.name = "h", .factor = 3'600'000},
    unit{.name = "m", .factor = 60'000},
    unit{.name = "s", .factor = 1'000},
    unit{.name = "ms"},
};

constexpr std::array sizes = {
    unit{.name = "GiB", .factor = 1024L * 1024 * 1024},
    unit{.name = "MiB", .factor = 1024L * 1024},
    unit{.name = "KiB", .factor = 1024},
    unit{.name = ""},
};

std::string quoted(std::string_view text) {
  return '"' + one_line(text, 60) + '"';
}

tl::unexpected<std::string> refuse(std::string_view text, std::string why) {
  if (text.empty())
    return tl::unexpected<std::string>("is empty");
  return tl::unexpected<std::string>(std::move(why));
}

/// A number and the unit behind it, in the unit's smallest parts.
parsed_number parse_with_unit(std::string_view text,
                              std::span<const unit> units,
                              const std::string &refusal) {
  std::int64_t number = 0;
  const auto *end = text.data() + text.size();
  auto [behind, failure] = std::from_chars(text.data(), end, number);
  if (failure == std::errc::result_out_of_range)
    return refuse(text, quoted(text) + " is too large");
  if (failure != std::errc())
    return refuse(text, refusal);
  auto name = text.substr(static_cast<std::size_t>(behind - text.data()));
  for (const auto &unit : units) {
    if (unit.name != name)
      continue;
    if (number < 0)
      return refuse(text, quoted(text) + " is negative");
    if (number > std::numeric_limits<std::int64_t>::max() / unit.factor)
      return refuse(text, quoted(text) + " is too large");
    return number * unit.factor;
  }
  return refuse(text, refusal);
}

std::string format(std::int64_t number, std::span<const unit> units) {
  for (const auto &unit : units)
    if (number % unit.factor == 0 && number / unit.factor >= unit.at_least)
      return std::to_string(number / unit.factor) + std::string(unit.name);
  return std::to_string(number);
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace

parsed_number parse_integer(std::string_view text) {
  constexpr std::array no_unit = {unit{.name = ""}};
  auto digits = text;
  if (digits.starts_with('-'))
    digits.remove_prefix(1);
  auto number =
      parse_with_unit(digits, no_unit, quoted(text) + " is not a whole number");
  if (number && digits.size() < text.size())
    return -*number;
  return number;
}

parsed_number parse_duration(std::string_view text) {
  if (is_number(text)) {
    auto digits = one_line(text, 20);
    return refuse(text, "a duration needs its unit: write \"" + digits +
                            "ms\" or \"" + digits + "s\"");
  }
  return parse_with_unit(text, durations,
                         quoted(text) + " is not a duration: write a whole "
                                        "number and ms, s, m, h or d, as in "
                                        "\"100ms\" or \"5m\"");
}

parsed_number parse_size(std::string_view text) {
  return parse_with_unit(text, sizes,
                         quoted(text) + " is not a size: write a number of "
                                        "bytes, or one with KiB, MiB or GiB, "
                                        "as in \"256KiB\"");
}

std::string format_duration(std::int64_t milliseconds) {
  if (milliseconds == 0)
    return "0s";
  return format(milliseconds, durations);
}

std::string format_size(std::int64_t bytes) {
  return format(bytes, sizes);
}

} // namespace sluice::config
