#include "tools/ctl/network_use.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "config/units.hpp"

namespace sluice::tools {

std::string reachable_address(const std::string &listen) {
  const auto colon = listen.rfind(':');
  const auto host = listen.substr(0, colon);
  if (host == "0.0.0.0")
    return "127.0.0.1" + listen.substr(colon);
  if (host == "[::]")
    return "[::1]" + listen.substr(colon);
  return listen;
}

std::string address_fault(const std::string &text) {
  constexpr std::int64_t highest_port = 65'535;
  const auto colon = text.rfind(':');
  const bool has_both = colon != std::string::npos && colon > 0;
  const auto host = text.substr(0, has_both ? colon : 0);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  const auto port =
      config::parse_integer(has_both ? text.substr(colon + 1) : std::string());
  const bool is_good = has_both && port && *port > 0 && *port <= highest_port &&
                       (is_bracketed || host.find(':') == std::string::npos) &&
                       host.find_first_of(" /@") == std::string::npos;
  return is_good ? "" : "has to be HOST:PORT, as in 127.0.0.1:4001";
}

void outlive_readers() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
}

void leave(int exit_code) {
  std::cout << std::flush;
  std::cerr << std::flush;
  std::_Exit(exit_code);
}

} // namespace sluice::tools
