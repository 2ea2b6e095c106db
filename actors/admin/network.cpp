#include "actors/admin/network.hpp"

#include <cstdlib>

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

#include "actors/admin/tls_manners.hpp"

namespace sluice::actors {

network_config::network_config(const identity_files &own,
                               std::chrono::milliseconds heartbeat) {
  using std::chrono::seconds;
  teach_tls_manners();
  openssl_certificate = own.certificate.path();
  openssl_key = own.key.path();
  openssl_cafile = own.authority.path();
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", std::size_t{1});
  // Without these a peer that hangs is waited for for ever.
  set("middleman.heartbeat-interval", caf::timespan(heartbeat));
  set("middleman.connection-timeout", caf::timespan(seconds(10)));
  load<caf::io::middleman>();
  // After the middleman.
  load<caf::openssl::manager>();
}

network_address to_network_address(const std::string &text) {
  const auto colon = text.rfind(':');
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  return {std::move(host),
          static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1))};
}

} // namespace sluice::actors
