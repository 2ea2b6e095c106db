#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/webhook_port.hpp"
#include "config/settings.hpp"
#include "http/out/secret_box.hpp"

namespace sluice::tools {

/// What the service sends webhooks with.
struct webhooks {
  std::shared_ptr<const http::secret_box> secrets;
  actors::webhook_port_opener open;
};

/// Reads the keys of secrets, or makes them, and forbids that webhooks are sent
/// to the service's own listeners and to its database. `store` is as
/// `store_source::describe` has it. Looks up names, and may wait for that as
/// long as the system does. Throws `std::runtime_error` with one line when the
/// keys can't be had.
webhooks open_webhooks(const config::settings &settings,
                       std::string_view store);

/// An address that somebody listens at.
struct listener {
  std::string host;
  int port = 0;

  bool operator==(const listener &) const = default;
};

/// `host:port` taken apart; brackets of IPv6 go.
listener parse_listener(std::string_view text, int port_when_unsaid);

/// The hosts in a store's URL; none for a file or a socket.
std::vector<listener> hosts_of_store(std::string_view store);

} // namespace sluice::tools
