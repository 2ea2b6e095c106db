#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "http/in/exchange.hpp"

namespace sluice::http {

/// Writes answers as bytes. Keeps its memory from one answer to the next.
class answer_writer {
public:
  struct manner {
    /// Goes into `X-Request-Id`.
    std::string_view request_id;
    /// An answer to HEAD: with the length of the body, without the body.
    bool omits_body = false;
    bool closes = false;
    /// The body ends where the connection does.
    bool is_open_ended = false;
    /// To HTTP/1.0, where the connection closes unless this is said.
    bool says_keep_alive = false;
  };

  /// The whole answer; valid until the next call. A header with a control
  /// character is left out.
  std::string_view compose(const response &what, const manner &how);

  /// Gives back the memory of an unusually large answer.
  void shrink();

private:
  void add(std::string_view name, std::string_view value);
  std::string_view date();

  std::string bytes_;
  std::time_t dated_at_ = 0;
  std::string date_;
};

} // namespace sluice::http
