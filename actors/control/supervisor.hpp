#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "actors/control/restart_policy.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the supervisor: its children in the order in which they stop.
class supervisor_state {
public:
  static inline const char *name = "supervisor";
  using pointer = supervisor_actor::stateful_pointer<supervisor_state>;

  explicit supervisor_state(pointer self);
  /// Takes the children along when the supervisor ends without having
  /// stopped them.
  ~supervisor_state();

  /// Called once, before the first message. Starts all children.
  void init(parts_ptr parts);

  void start(std::size_t child);
  void stop();
  void feel_pulses();
  void on_down(const caf::down_msg &down);

private:
  struct child_record {
    std::string name;
    /// Spawns the child and puts its handle into its box.
    std::function<caf::strong_actor_ptr()> spawn;
    /// Empties the box.
    std::function<void()> clear;
    /// Asks it whether it serves its messages.
    std::function<void()> ask;
    /// It takes no longer than this between two messages.
    std::chrono::milliseconds patience{};
    bool is_asked = false;
    caf::strong_actor_ptr current;
    restart_policy restarts;
  };

  /// `longest_task`: of those that take longer than the others.
  template <class Box, class Function>
  void add(const std::string &label, Box &box, Function function,
           std::chrono::milliseconds longest_task = {});
  child_record *find(const caf::actor_addr &address);
  void on_stuck(const caf::actor_addr &who);
  void restart_later(child_record &child, const std::string &why);
  void stop_next();

  pointer self_;
  parts_ptr parts_;
  std::vector<child_record> children_;
  bool is_stopping_ = false;
};

/// The supervisor's behaviour. Never blocks. Quits with an error when
/// restarting does not help any more.
supervisor_actor::behavior_type supervisor(supervisor_state::pointer self,
                                           parts_ptr parts);

} // namespace sluice::actors
