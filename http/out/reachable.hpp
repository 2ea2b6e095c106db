#pragma once

#include <vector>

#include "http/out/ip_address.hpp"

namespace sluice::http {

/// Those of the addresses that this machine has a route to, or all when it has
/// to none: many machines have IPv4 only, and names have both. Sends nothing.
std::vector<ip_address> reachable(const std::vector<ip_address> &addresses);

} // namespace sluice::http
