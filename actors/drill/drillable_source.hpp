#pragma once

#include <memory>
#include <string>

#include "actors/drill/faults.hpp"
#include "db/store.hpp"

namespace sluice::actors {

/// A store on which drills can be held: it does what the one behind it does,
/// except for what `faults` say. A call that they reach has no effect; none
/// loses its answer after it took effect. Thread-safe.
class drillable_source final : public db::store_source {
public:
  explicit drillable_source(std::shared_ptr<db::store_source> inner);

  /// Never null.
  std::shared_ptr<drill_faults> faults() const { return faults_; }

  db::result<std::unique_ptr<db::store>> connect(db::purpose what_for) override;
  db::result<db::schema_state> schema() override;
  db::result<int> migrate() override { return inner_->migrate(); }
  std::string describe() const override { return inner_->describe(); }

private:
  std::shared_ptr<db::store_source> inner_;
  std::shared_ptr<drill_faults> faults_;
};

} // namespace sluice::actors
