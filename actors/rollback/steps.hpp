#pragma once

#include <string>

#include "actors/gateway.hpp"
#include "actors/rollback/failure.hpp"
#include "actors/rollback/run.hpp"

namespace sluice::actors {

/// Does the steps of a rollback, and writes into its record what they found.
/// Each may be done again, after a crash or an answer that was lost. Keeps
/// nothing.
class rollback_steps {
public:
  template <class T>
  using result = rollback_result<T>;

  explicit rollback_steps(gateway &door) : door_(door) {}

  /// False: not over yet, ask again. After a failure that is no failure of the
  /// store the record may say more than before.
  result<bool> perform(rollback_run &run, step_record &step,
                       const std::string &actor);

  /// The dials, in one change; to be drained is not among what is turned.
  result<void> change(const rollback_run &run, const dial_positions &to,
                      const std::string &actor, json &facts);

  /// Compares dials, queue and books with what they are to be.
  result<void> examine(rollback_run &run, step_record &step);

private:
  result<void> check(rollback_run &run, step_record &step);
  result<bool> drain(rollback_run &run, step_record &step,
                     const std::string &actor);
  result<bool> finish_drain(step_record &step);
  result<bool> order_drain(const rollback_run &run, step_record &step,
                           const std::string &actor);

  gateway &door_;
};

} // namespace sluice::actors
