#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/out/webhook_sender.hpp"
#include "tests/support/temporary_folder.hpp"

namespace sluice::tests {

/// A sender, what it needs, and what it has answered. By default it may send
/// to the loopback networks.
class outbox {
public:
  /// The secret that requests are signed with.
  static constexpr const char *secret =
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

  struct setup {
    std::vector<std::string> allow_networks{"127.0.0.0/8", "::1"};
    std::vector<http::forbidden_target> forbidden{};
    std::string name_servers{};
    std::string ca_file{};
    std::chrono::milliseconds timeout{10'000};
    std::chrono::milliseconds connect_timeout{5'000};
    int max_in_flight = 256;
  };

  explicit outbox(setup with);
  outbox() : outbox(setup()) {}

  /// The port; gone after `close`.
  actors::webhook_port &port() { return *port_; }
  void close() { port_.reset(); }

  const http::secret_box &box() const { return *box_; }
  config::delivery_settings &settings() { return settings_; }

  /// A request with a token of its own.
  actors::webhook_request request(const std::string &url);
  void send(const std::string &url, int count = 1);
  /// Waits until so many answers have come, for twenty seconds at the most.
  std::vector<actors::webhook_answer> wait_for(std::size_t count);
  /// Sends one and waits for its answer.
  actors::webhook_answer send_one(const std::string &url);

private:
  temporary_folder folder_;
  std::shared_ptr<const http::secret_box> box_;
  std::string sealed_;
  config::delivery_settings settings_;
  std::uint64_t last_token_ = 0;
  std::mutex mutex_;
  std::condition_variable has_come_;
  std::vector<actors::webhook_answer> answers_;
  std::unique_ptr<actors::webhook_port> port_;
};

} // namespace sluice::tests
