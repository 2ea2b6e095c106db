#include "tools/ctl/network_use.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>

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
