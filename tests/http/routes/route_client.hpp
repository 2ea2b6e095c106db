#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "http/in/service_routes.hpp"
#include "tests/support/fake_gateway.hpp"

namespace sluice::tests {

/// What a test sends.
struct sent {
  std::string method = "GET";
  /// With `?name=value&…`, not encoded.
  std::string target;
  std::string body;
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// What came back.
struct received {
  int status = 0;
  http::response raw;

  nlohmann::json json() const;
  /// What follows `urn:sluice:problem:`; empty for other answers.
  std::string slug() const;
  std::string header(const std::string &name) const;
};

/// A service over a fake gateway, called without sockets.
class route_client {
public:
  explicit route_client(const config::settings &settings = default_settings());

  static config::settings default_settings();

  received send(const sent &what) const;

  received get(const std::string &target) const;
  /// With `Content-Type: application/json`.
  received post(const std::string &target, const std::string &body) const;

  /// Makes an organization without a limit, and sends its key from now on.
  /// Returns the key.
  std::string sign_up(const std::string &name = "acme");
  void use_key(std::string key) { key_ = std::move(key); }

  /// From now on there is nothing to seal secrets with.
  void forget_secrets() { service_->secrets.reset(); }

  fake_gateway gateway;
  /// What was to be sent as a test, and what comes of it; nothing: too many.
  std::vector<actors::webhook_request> tried;
  std::optional<actors::webhook_answer> trial;

private:
  http::service_ptr service_;
  http::route_table routes_;
  std::string key_;
};

/// What the client's service seals secrets with.
std::shared_ptr<const http::secret_box> test_secrets();

inline constexpr auto admin_token = "the-admin-token";

} // namespace sluice::tests
