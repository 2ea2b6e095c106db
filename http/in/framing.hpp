#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "http/in/problem.hpp"

namespace sluice::http {

/// What a request's head may be at the most.
struct head_limits {
  static constexpr std::size_t line_bytes = 8'192;
  static constexpr std::size_t bytes = 32'768;
  static constexpr std::size_t fields = 64;
};

/// Finds the end of a head in bytes that arrive piece by piece, and refuses
/// what can't become one as soon as that shows: a bare LF, a line or a head
/// that is too long, too many fields, a first byte that starts no method.
class head_scanner {
public:
  /// Looks at what came since the last call; `seen` is the whole request so
  /// far. A problem always closes the connection.
  std::optional<problem> scan(std::string_view seen);

  bool is_complete() const { return size_ != 0; }
  /// Bytes of the head with its empty line; 0 until it is complete.
  std::size_t size() const { return size_; }

private:
  std::optional<problem> end_line(std::string_view seen, std::size_t line_feed);

  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  std::size_t size_ = 0;
};

/// A head that was found to be sound. Views point into the bytes it was
/// parsed from.
struct request_head {
  std::string_view method;
  /// As it came: `/path?query`, an absolute URL, or `*`.
  std::string_view target;
  bool is_http_1_0 = false;
  /// In the order they came; names in lower case, values trimmed.
  std::vector<std::pair<std::string_view, std::string_view>> headers;

  std::optional<std::uint64_t> content_length;
  bool is_chunked = false;
  bool is_encoded = false;
  bool is_multipart = false;
  bool expects_continue = false;
  bool keeps_alive = true;

  bool has_body() const { return is_chunked || content_length.value_or(0) > 0; }

  /// As new, but keeps the memory of `headers`.
  void clear();
};

/// Parses a complete head strictly, lowering the case of field names in
/// place. A problem always closes the connection; `out` then holds what was
/// read before the fault.
std::optional<problem> parse_head(std::span<char> bytes, request_head &out);

/// A refusal after which the connection closes.
problem refusal(int status, std::string_view slug, std::string_view title,
                std::string_view detail);
problem bad_request(std::string_view detail);
problem bad_framing(std::string_view detail);

} // namespace sluice::http
