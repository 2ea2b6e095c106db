#pragma once

#include <map>
#include <optional>
#include <span>

#include "actors/control/store_session.hpp"
#include "actors/queue/poll_pacer.hpp"
#include "actors/queue/ramp.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the poller: how much room the workers have, and when to look.
class poller_state {
public:
  static inline const char *name = "poller";
  using pointer = poller_actor::stateful_pointer<poller_state>;

  explicit poller_state(pointer self);

  /// Called once, before the first message.
  void init(parts_ptr parts);

  void woken();
  void poll_now();
  void due_in(std::chrono::milliseconds wait);
  void room_is(std::size_t idle_workers);
  void finished(db::claim_id fence);
  /// It is finished, and another that waited has its worker.
  void replaced(db::claim_id fence);
  void pool_is_new();
  void on_down(const caf::down_msg &down);
  void tick(std::uint64_t plan);
  void settings_changed();

private:
  using clock = std::chrono::steady_clock;

  poll_intervals intervals() const;
  void poll_or_plan();
  bool may_claim();
  std::optional<clock::time_point> opens_at(clock::time_point now);
  bool claim_once();
  void move_once();
  bool goes_on() { return may_claim() && pacer_->next() <= clock::now(); }
  bool moves_at_once() const;
  bool yields() const;
  void note_failure(const db::error &failure);
  void note_taken(std::span<const db::claimed_item> items, int limit);
  void note_moved(std::span<const db::claimed_item> items,
                  clock::duration spent);
  void assign(db::claim claim, clock::time_point begun);
  void give_back();
  void plan();
  worker_pool_actor sender() const;
  void meet(worker_pool_actor pool);

  pointer self_;
  /// Who said hello, or told of its room; empty while there is none.
  worker_pool_actor pool_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  std::optional<poll_pacer> pacer_;
  std::size_t room_ = 0;
  ramp ramp_;
  /// Claims that the pool has and has not finished, and when they were begun.
  std::map<db::claim_id, clock::time_point> handed_out_;
  /// An item that was taken last had waited for long.
  bool is_late_ = false;
  /// The last claim, or move without one, was a full one.
  bool may_be_more_ = false;
  /// The next one is put off for a burst alone.
  bool rests_ = false;
  /// So many claims come before the next move without one.
  int claims_first_ = 0;
  /// It goes on with the tick that is among its messages, and no sooner.
  bool has_tick_ = false;
  /// Claims that nobody works on: their commit was in doubt (with that
  /// doubt), or the pool that had them is gone. Released before the next claim.
  std::map<db::claim_id, std::optional<db::error>> orphans_;
  std::uint64_t plan_ = 0;
  clock::time_point planned_for_ = clock::time_point::max();
};

/// The poller's behaviour. Blocks in the store: spawn it detached.
poller_actor::behavior_type poller(poller_state::pointer self, parts_ptr parts);

} // namespace sluice::actors
