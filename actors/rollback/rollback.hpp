#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "actors/gateway.hpp"
#include "actors/rollback/run.hpp"

namespace sluice::actors {

/// Why a rollback goes no further.
struct rollback_failure {
  /// The store's; nothing was lost by it, and the same call may be made again.
  std::optional<db::error> store{};
  /// Otherwise what stands in the way, and what to do; one line.
  std::string refusal{};
  /// The queue was not empty in time.
  bool is_overdue = false;
};

/// Rollbacks, step by step. What is known of one is kept in the store, so that
/// any node goes on where another, or an earlier life, left it; each step may
/// be done twice. Of several callers at once one saves what was done, and the
/// others see it. Blocks for as long as the gateway's calls do; thread-safe.
class rollback {
public:
  template <class T>
  using result = tl::expected<T, rollback_failure>;

  explicit rollback(gateway &door) : door_(door) {}

  /// What `begin` and `advance` would do, judging by how things are now: the
  /// steps, how long each will take, and what others will notice. Changes
  /// nothing.
  result<json> plan(const rollback_request &asked);

  /// Begins one, or takes up again the one that was left; refused while one
  /// to elsewhere is open, and for `undo` when there is nothing to undo. Turns
  /// no dial.
  result<rollback_run> begin(const rollback_request &asked);

  /// Does the next step, or looks how far it is; returns soon. `progress`, in
  /// the facts of the drain, tells what is left.
  result<rollback_run> advance(db::procedure_id id, const std::string &actor);

  /// Gives up the open one, and puts the dials back to where they were.
  result<rollback_run> abort(const std::string &actor,
                             const std::string &reason);

  /// Whether what the last one that is over has led to holds now: its report
  /// with new facts of `verify`. Keeps nothing.
  result<rollback_run> verify();

  /// The newest one.
  result<std::optional<rollback_run>> newest();

private:
  result<void> check(rollback_run &run, step_record &step);
  result<void> turn(rollback_run &run, step_record &step,
                    const std::string &actor);
  /// False: not empty yet.
  result<bool> drain(rollback_run &run, step_record &step,
                     const std::string &actor);
  result<void> give_up_drain(rollback_run &run, step_record &step,
                             const db::gate_state &gate);
  result<void> examine(rollback_run &run, step_record &step);
  result<bool> perform(rollback_run &run, step_record &step,
                       const std::string &actor);
  result<rollback_run> take_up(rollback_run run, const rollback_request &asked);
  result<rollback_run> start(const rollback_request &asked,
                             const std::optional<rollback_run> &last);
  result<rollback_run> draft(const rollback_request &asked,
                             const std::optional<rollback_run> &last);
  result<rollback_run> save(rollback_run run, const db::procedure_note &note);
  result<db::gate_state> gate();
  result<void> change(const rollback_run &run, const dial_positions &to,
                      const std::string &actor, json &facts);

  gateway &door_;
};

} // namespace sluice::actors
