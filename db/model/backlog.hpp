#pragma once

#include <vector>

#include "db/model/ids.hpp"

namespace sluice::db {

/// What one organization has pending.
struct backlog {
  organization_id organization;
  long pending = 0;
};

/// Who has how much pending.
struct backlogs {
  std::vector<backlog> found;
  /// False when counting stopped at the limit that the caller gave: all of
  /// them may have more.
  bool exact = true;
};

} // namespace sluice::db
