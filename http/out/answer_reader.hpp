#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

/// Takes a webhook's answer as it comes in, line by line and part by part, and
/// keeps little of it, whatever is sent. Allocates nothing once it is made.
class answer_reader {
public:
  static constexpr std::size_t most_kept = 1024;
  static constexpr std::size_t most_body = 64UL * 1024;
  static constexpr std::size_t most_head = 16UL * 1024;
  static constexpr std::size_t most_lines = 100;

  answer_reader() { kept_.reserve(most_kept); }

  /// A line of the head, with its end: of this answer, of interim ones before
  /// it, of a trailer. False when there are too many.
  bool take_line(std::string_view line);

  /// A part of the body. False when it is too long.
  bool take_body(std::string_view bytes);

  /// Whether the last head that has begun has come as a whole.
  bool is_head_whole() const { return is_head_whole_; }
  bool is_head_too_long() const {
    return head_bytes_ > most_head || lines_ > most_lines;
  }
  bool is_body_too_long() const { return body_bytes_ > most_body; }

  /// The beginning of the body as printable UTF-8 with line breaks and tabs;
  /// what is neither is a question mark. At most `most_kept` bytes.
  std::string text() const;

  /// What the last answer's first `Retry-After` that says something asks for.
  std::optional<std::chrono::seconds> retry_after() const {
    return retry_after_;
  }

private:
  std::size_t head_bytes_ = 0;
  std::size_t lines_ = 0;
  std::uint64_t body_bytes_ = 0;
  bool is_head_whole_ = false;
  std::string kept_;
  std::optional<std::chrono::seconds> retry_after_;
};

} // namespace sluice::http
