#include "tools/doctor/words.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace sluice::tools {

std::string decimal_text(double value) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string size_text(double bytes) {
  constexpr double step = 1024;
  constexpr std::array units = {" B", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  while (bytes >= step && unit + 1 < units.size()) {
    bytes /= step;
    ++unit;
  }
  return (unit == 0 ? std::to_string(std::lround(bytes))
                    : decimal_text(bytes)) +
         units[unit];
}

std::string span_text(double seconds) {
  constexpr double minute = 60;
  constexpr double hour = 60 * minute;
  constexpr double day = 24 * hour;
  const auto in = [&](double unit, const char *name) {
    return std::to_string(std::lround(seconds / unit)) + name;
  };
  if (seconds < 2 * minute)
    return in(1, " s");
  if (seconds < 2 * hour)
    return in(minute, " min");
  return seconds < 2 * day ? in(hour, " h") : in(day, " d");
}

std::string milliseconds_text(double milliseconds) {
  return decimal_text(milliseconds) + " ms";
}

} // namespace sluice::tools
