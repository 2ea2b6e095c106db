#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/model/time.hpp"
#include "http/in/exchange.hpp"

namespace sluice::http {

/// A refusal, as RFC 9457 has it. `slug` is stable and becomes
/// `urn:sluice:problem:<slug>`; `detail` says in one line what was wrong and
/// what to do, and never repeats secrets or payloads.
struct problem {
  int status = 500;
  std::string_view slug;
  std::string_view title;
  std::string detail;
  /// Members beyond the standard ones, as JSON values already serialised:
  /// `{"limit", "262144"}`, `{"event_id", "\"0190…\""}`.
  std::vector<std::pair<std::string, std::string>> extensions;
  /// Seconds for `Retry-After` and the member `retry_after`.
  std::optional<long> retry_after;
  /// Further headers (`Allow`, `WWW-Authenticate`).
  std::vector<std::pair<std::string, std::string>> headers;
  bool closes = false;
};

/// The answer that carries a problem: `application/problem+json` with `type`,
/// `title`, `status`, `detail`, `instance` (the request's id), `error` (the
/// detail again, one line) and the extensions.
response to_response(const problem &what, std::string_view request_id);

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become
/// U+FFFD.
std::string json_string(std::string_view text);

/// The same; `null` for an empty text.
std::string json_string_or_null(std::string_view text);

/// As RFC 3339, with quotes; `null` for none.
std::string json_time_or_null(const std::optional<db::timestamp> &at);

/// `"name":7`.
std::string json_number(std::string_view name, std::int64_t value);

/// `[...]`: what `write` makes of each of the list.
template <class List, class Write>
std::string json_list(const List &list, Write write) {
  std::string out = "[";
  for (const auto &one : list) {
    out += out.size() > 1 ? "," : "";
    out += write(one);
  }
  return out + ']';
}

} // namespace sluice::http
