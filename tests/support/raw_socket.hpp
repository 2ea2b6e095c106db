#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::tests {

/// An HTTP answer as it came over the wire.
struct raw_answer {
  int status = 0;
  /// Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

/// A TCP client that sends exactly the bytes it is told to, for requests that
/// no library would send. Every wait ends after `patience`.
class raw_socket {
public:
  static constexpr std::chrono::seconds patience{20};

  /// Connects to the loopback address; throws when that fails.
  explicit raw_socket(int port);
  ~raw_socket();
  raw_socket(raw_socket &&other) noexcept;
  raw_socket(const raw_socket &) = delete;
  raw_socket &operator=(const raw_socket &) = delete;
  raw_socket &operator=(raw_socket &&) = delete;

  /// Sends what the server takes; false when it takes no more.
  bool send(std::string_view bytes);
  /// Each byte in a segment of its own.
  bool send_bytewise(std::string_view bytes);
  /// Says that nothing more will be sent.
  void end();

  /// The next answer; nothing when the connection ends before, or too late.
  /// `has_body` is false for answers to HEAD.
  std::optional<raw_answer> read_answer(bool has_body = true);
  /// Everything until the server closes.
  std::string read_to_end();
  /// Whether the server closes, without one more byte.
  bool is_closed_by_peer();
  /// Whether there is nothing to read right now.
  bool is_silent() const;

private:
  bool read_more();

  int fd_ = -1;
  std::string seen_;
};

} // namespace sluice::tests
