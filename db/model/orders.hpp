#pragma once

#include <span>
#include <string>

#include "db/model/assessment.hpp"
#include "db/model/ids.hpp"
#include "db/model/work.hpp"

/// What operators order. What is pointed to has to outlive the call.
namespace sluice::db {

/// An operator's act on items, and what `audit_log` is to say about it.
struct item_order {
  std::span<const event_id> ids;
  std::string actor;
  std::string reason;
};

/// What `recover` is to mend.
struct recovery_order {
  rescue_request rescue;
  /// Items that were in the log as well when somebody looked.
  std::span<const doubled_item> doubled;
  std::string actor;
  std::string reason;
};

} // namespace sluice::db
