#pragma once

#include <optional>
#include <string>

#include "actors/gateway.hpp"
#include "actors/rollback/failure.hpp"
#include "actors/rollback/plan.hpp"
#include "actors/rollback/run.hpp"

namespace sluice::actors {

/// Rollbacks, step by step. What is known of one is kept in the store, so that
/// any node goes on where another, or an earlier life, left it; each step may
/// be done twice. Of several callers at once one saves what was done, and the
/// others see it. Blocks for as long as the gateway's calls do; thread-safe.
class rollback {
public:
  template <class T>
  using result = rollback_result<T>;

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
  result<rollback_run> take_up(rollback_run run, const rollback_request &asked);
  result<rollback_run> start(const rollback_request &asked,
                             const std::optional<rollback_run> &last);
  result<rollback_run> draft(const rollback_request &asked,
                             const std::optional<rollback_run> &last);
  result<rollback_run> save(rollback_run run, const db::procedure_note &note);
  result<rollback_scene> look_around();

  gateway &door_;
};

} // namespace sluice::actors
