#include "http/out/retry_after.hpp"

#include <algorithm>
#include <string>

#include <curl/curl.h>

#include "http/ascii.hpp"

namespace sluice::http {

namespace {

using std::chrono::seconds;

constexpr seconds longest_retry_after{24 * 60 * 60};
constexpr std::size_t most_value_bytes = 64;

seconds parse_digits(std::string_view digits) {
  seconds out{0};
  for (const char c : digits)
    out = std::min(out * 10 + seconds(c - '0'), longest_retry_after);
  return out;
}

} // namespace

std::optional<seconds> parse_retry_after(std::string_view value,
                                         db::timestamp now) {
  value = trimmed(value);
  if (value.empty() || value.size() > most_value_bytes)
    return std::nullopt;
  if (std::all_of(value.begin(), value.end(), is_digit))
    return parse_digits(value);
  // All forms of an HTTP-date begin with a day's name and have a time; the
  // library would take less.
  if (!is_letter(value.front()) || value.find(':') == std::string_view::npos ||
      value.find('\0') != std::string_view::npos)
    return std::nullopt;
  const auto at = curl_getdate(std::string(value).c_str(), nullptr);
  if (at == -1)
    return std::nullopt;
  const auto wait =
      std::chrono::sys_seconds(seconds(at)) - std::chrono::floor<seconds>(now);
  return std::clamp(wait, seconds(0), longest_retry_after);
}

} // namespace sluice::http
