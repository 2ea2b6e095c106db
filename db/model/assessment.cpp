#include "db/model/assessment.hpp"

namespace sluice::db {

std::string describe(const recovery_outcome &done) {
  return "rescued=" + std::to_string(done.rescued) +
         " quarantined=" + std::to_string(done.quarantined) +
         " unqueued=" + std::to_string(done.unqueued);
}

} // namespace sluice::db
