#pragma once

#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"
#include "actors/work/mover.hpp"

namespace sluice::actors {

/// State of a worker: at most one claim, and the way through it.
class worker_state {
public:
  static inline const char *name = "worker";
  using pointer = worker_actor::stateful_pointer<worker_state>;

  explicit worker_state(pointer self);

  /// Called once, before the first message.
  void init(parts_ptr parts, std::size_t slot);

  void work(claim_ptr claim);
  void abandon(claim_ptr claim);

  /// Works on until the claim is finished, or its messages have waited for a
  /// second, or the store is away.
  void go_on();

private:
  enum class task { move, abandon };

  retry_policy policy() const;
  bool advance();

  pointer self_;
  parts_ptr parts_;
  std::size_t slot_ = 0;
  std::optional<store_session> session_;
  std::optional<mover> mover_;
  claim_ptr claim_;
  task task_ = task::move;
};

/// A worker's behaviour. Blocks in the store: spawn it detached.
worker_actor::behavior_type worker(worker_state::pointer self, parts_ptr parts,
                                   std::size_t slot);

} // namespace sluice::actors
