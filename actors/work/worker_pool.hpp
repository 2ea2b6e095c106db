#pragma once

#include <deque>

#include "actors/control/restart_policy.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the worker pool: who works on what.
class worker_pool_state {
public:
  static inline const char *name = "worker_pool";
  using pointer = worker_pool_actor::stateful_pointer<worker_pool_state>;

  explicit worker_pool_state(pointer self);
  /// Takes the workers along when the pool ends without having stopped them.
  ~worker_pool_state();

  /// Called once, before the first message. Starts the workers.
  void init(parts_ptr parts);

  /// Starts workers, or lets some go, so that there are as many as the
  /// settings say. Who is at work finishes first.
  void resize();

  void assign(claim_ptr claim);
  void done(const work_report &report);
  void register_poller();
  void start(std::size_t slot);
  void crash_one();
  void feel_pulses();
  void on_down(const caf::down_msg &down);
  void on_exit(const caf::exit_msg &order);

private:
  struct slot_record {
    worker_actor worker;
    /// What the worker has, or had when it died.
    claim_ptr claim;
    restart_policy restarts;
    /// It was asked whether it serves its messages, and has not answered.
    bool is_asked = false;
  };

  static std::string name_of(std::size_t slot);
  std::size_t number_of(const slot_record &slot) const;
  bool is_wanted(const slot_record &slot) const;
  bool is_idle(const slot_record &slot) const;
  void put_to_work(slot_record &slot);
  void count_busy();
  void tell_room();
  void let_go(slot_record &slot);
  void on_stuck(std::size_t slot, const caf::actor_addr &who);
  /// A worker ended that should not have: it is started again later.
  void replace(slot_record &slot, const std::string &why);
  void quit_when_empty();

  pointer self_;
  parts_ptr parts_;
  std::vector<slot_record> slots_;
  /// Slots from here on are not wanted any more.
  std::size_t wanted_ = 0;
  /// Claims for which no worker was idle after all.
  std::deque<claim_ptr> waiting_;
  poller_actor poller_;
  bool is_stopping_ = false;
};

/// The pool's behaviour. Never blocks.
worker_pool_actor::behavior_type worker_pool(worker_pool_state::pointer self,
                                             parts_ptr parts);

} // namespace sluice::actors
