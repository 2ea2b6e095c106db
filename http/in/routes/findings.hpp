#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "db/model/assessment.hpp"

/// What an operator has to mind of an assessment. Pure.
namespace sluice::http {

/// One thing that is wrong, and what mends it.
struct finding {
  /// Stable, for scripts.
  std::string_view code;
  std::int64_t count = 0;
  /// Behind `sluice ctl`.
  std::string_view next;
};

/// All of them, what is mended first at the front.
std::vector<finding> findings_of(const db::assessment &seen,
                                 const config::settings &now);

/// Of the items that are in the log already, those of which nothing is lost
/// when they leave the queue.
std::int64_t mendable(const db::assessment &seen);

/// Faults of the books that no recovery mends.
std::int64_t unmendable(const db::assessment &seen);

/// Nodes that count as dead.
std::vector<db::node_view> silent_nodes(const db::assessment &seen,
                                        const config::settings &now);

} // namespace sluice::http
