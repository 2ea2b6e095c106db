#include "tools/webhooks.hpp"

#include <charconv>
#include <stdexcept>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "config/describe.hpp"
#include "http/out/webhook_sender.hpp"

namespace sluice::tools {

namespace {

constexpr int postgres_port = 5432;

std::vector<listener> listeners_of(const config::settings &settings,
                                   std::string_view store) {
  auto all = hosts_of_store(store);
  all.push_back(parse_listener(settings.http.listen, 0));
  if (settings.admin.listen != config::off_word)
    all.push_back(parse_listener(settings.admin.listen, 0));
  return all;
}

std::vector<http::forbidden_target>
forbidden_by(const std::vector<listener> &listeners) {
  std::vector<http::forbidden_target> out;
  for (const auto &[host, port] : listeners) {
    // Which port 0 becomes is not known yet.
    if (port == 0)
      continue;
    auto found =
        http::targets_of_listener(host, static_cast<std::uint16_t>(port));
    if (!found) {
      spdlog::warn("webhooks: {}; sending there is not prevented",
                   found.error());
      continue;
    }
    out.insert(out.end(), found->begin(), found->end());
  }
  return out;
}

} // namespace

listener parse_listener(std::string_view text, int port_when_unsaid) {
  listener out{.host = std::string(text), .port = port_when_unsaid};
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  const bool has_port = colon != std::string_view::npos &&
                        (bracket == std::string_view::npos || colon > bracket);
  if (has_port) {
    out.host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  }
  if (out.host.starts_with('[') && out.host.ends_with(']'))
    out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

std::vector<listener> hosts_of_store(std::string_view store) {
  constexpr std::string_view scheme = "://";
  const auto begin = store.find(scheme);
  if (!store.starts_with("postgres") || begin == std::string_view::npos)
    return {};
  auto hosts = store.substr(begin + scheme.size());
  hosts = hosts.substr(0, hosts.find_first_of("/?"));
  std::vector<listener> out;
  while (!hosts.empty()) {
    const auto comma = hosts.find(',');
    const auto one = hosts.substr(0, comma);
    // A socket's folder is written as `%2Frun...`.
    if (!one.empty() && !one.starts_with('%') && !one.starts_with(':'))
      out.push_back(parse_listener(one, postgres_port));
    hosts = comma == std::string_view::npos ? "" : hosts.substr(comma + 1);
  }
  return out;
}

webhooks open_webhooks(const config::settings &settings,
                       std::string_view store) {
  auto box = http::secret_box::open(config::secrets_file(settings));
  if (!box)
    throw std::runtime_error(box.error());
  http::webhook_sender_options options;
  options.box = *box;
  options.forbidden = forbidden_by(listeners_of(settings, store));
  return {.secrets = *box,
          .open = http::open_webhook_sender(std::move(options))};
}

} // namespace sluice::tools
