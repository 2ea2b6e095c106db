#include "tools/ctl/lasting.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace sluice::tools {

namespace {

constexpr double short_span = 10;
constexpr double of_seconds = 120;
constexpr long minute = 60;
constexpr long hour = 60 * minute;
constexpr long day = 24 * hour;

/// `2 h 13 min`, `2 h`.
std::string two_units(long great, const char *great_name, long small,
                      const char *small_name) {
  auto out = std::to_string(great) + great_name;
  if (small > 0)
    out += ' ' + std::to_string(small) + small_name;
  return out;
}

} // namespace

std::string lasting_text(double seconds) {
  if (seconds < of_seconds) {
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(),
                  seconds < short_span ? "%.1f s" : "%.0f s", seconds);
    return out.data();
  }
  const auto whole = std::lround(seconds / minute) * minute;
  if (whole < hour)
    return std::to_string(whole / minute) + " min";
  if (whole < day)
    return two_units(whole / hour, " h", whole % hour / minute, " min");
  return two_units(whole / day, " d", whole % day / hour, " h");
}

} // namespace sluice::tools
