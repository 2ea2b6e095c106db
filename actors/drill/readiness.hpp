#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/drill/report.hpp"
#include "actors/gateway.hpp"

/// Whether a drill may be held now. Pure.
namespace sluice::actors {

/// What keeps a drill from beginning, even when it is forced.
std::optional<std::string> obstacle_to(const drill_request &asked,
                                       const health_sample &seen,
                                       const config::settings &held);

/// What is not well; nobody should rehearse a fault on top of it.
std::vector<std::string> complaints(const health_sample &seen,
                                    const std::vector<part_view> &parts);

} // namespace sluice::actors
