#pragma once

#include <string>
#include <utility>

#include "actors/rollback/failure.hpp"
#include "actors/rollback/looks.hpp"

/// What the files of rollbacks share.
namespace sluice::actors {

/// What the store knows their records by.
inline constexpr char rollback_kind[] = "rollback";

template <class T>
rollback_result<T> passed_on(db::result<T> answer) {
  if (!answer)
    return tl::unexpected(rollback_failure{.store = answer.error()});
  return std::move(*answer);
}

inline tl::unexpected<rollback_failure> refuse(std::string why) {
  return tl::unexpected(rollback_failure{.refusal = std::move(why)});
}

/// For people, and for the audit log.
inline std::string name_of(const rollback_run &run) {
  const auto target = std::string(to_string(run.asked.target));
  return run.asked.target == rollback_target::undo ? target
                                                   : "rollback to " + target;
}

inline rollback_result<db::gate_state> look_at_gate(gateway &door) {
  return passed_on(door.ask<db::gate_state>(
      [](db::store &session) { return session.gate(); }));
}

inline rollback_result<db::queue_depth> count_queue(gateway &door) {
  return passed_on(door.ask<db::queue_depth>([](db::store &session) {
    return session.depth({.limit = counted_at_most});
  }));
}

} // namespace sluice::actors
