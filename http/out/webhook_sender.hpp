#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/webhook_port.hpp"
#include "http/out/address_guard.hpp"
#include "http/out/secret_box.hpp"

namespace sluice::http {

struct webhook_sender_options {
  /// Unseals the secrets of requests: `whsec_...`.
  std::shared_ptr<const secret_box> box;
  /// The service's own listeners and its database.
  std::vector<forbidden_target> forbidden;
  /// `127.0.0.1:5353,...` instead of the system's; for tests.
  std::string name_servers;
  /// Certificate authorities beside the system's. Empty: none.
  std::string ca_file;
  /// Empty: `Sluice/` and the version.
  std::string user_agent;
};

/// Opens ports that send with libcurl: each has one thread, one set of
/// connections, and memory for what is in flight. Before each attempt its
/// name is looked up, all its addresses are judged, and one of them is
/// connected to. The ports share `options`, and call `done` on their threads.
/// A network of the settings that can't be parsed is not allowed.
actors::webhook_port_opener open_webhook_sender(webhook_sender_options options);

} // namespace sluice::http
