#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::tools {

/// Reads one HTTP/1.1 response after the other from the pieces of a
/// connection, keeping the status and passing over the body. Knows bodies
/// with a Content-Length and none; chunked ones are `broken`.
class response_reader {
public:
  enum class progress : std::uint8_t {
    /// The response goes on in the next piece.
    incomplete,
    /// It ended with this piece; `reset` before the next one.
    complete,
    /// Not a response, one that can't be read here, or bytes behind its end.
    broken,
  };

  progress feed(std::string_view piece);
  void reset();

  /// Of the response that is complete.
  int status() const { return status_; }
  bool keeps_connection() const { return keeps_connection_; }

private:
  progress pass_body(std::size_t size);
  bool read_head(std::string_view head);

  /// The head's beginning, where a piece ended inside it.
  std::string pending_;
  std::size_t body_left_ = 0;
  int status_ = 0;
  bool in_body_ = false;
  bool keeps_connection_ = true;
};

} // namespace sluice::tools
