#pragma once

#include <memory>
#include <string>

#include "actors/drill/faults.hpp"
#include "actors/webhook_port.hpp"

namespace sluice::actors {

/// The URL of an endpoint that drills have to themselves: nobody can be reached
/// there (RFC 6761, section 6.4), and no owner may name it, so that no request
/// leaves the service and no event of others ends here.
std::string drill_url(const std::string &name);

/// Opens ports on which drills can be held: they answer what is sent to a
/// `drill_url` themselves, when `faults` let them, and pass on all else.
webhook_port_opener drillable_port(webhook_port_opener inner,
                                   std::shared_ptr<drill_faults> faults);

} // namespace sluice::actors
