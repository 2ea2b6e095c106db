#pragma once

#include <chrono>
#include <vector>

#include "actors/gateway.hpp"

namespace sluice::actors {

/// Events of many clients that share one commit. Every client is answered
/// once, at the latest when the group goes. Belongs to one thread at a time.
class accept_group {
public:
  using time_point = std::chrono::steady_clock::time_point;

  accept_group() = default;
  /// Clients that were not answered learn that their events' fate is in doubt.
  ~accept_group();
  accept_group(const accept_group &) = delete;
  accept_group &operator=(const accept_group &) = delete;

  /// `done` must not throw. It is called on the thread that settles the group.
  void add(std::vector<db::new_event> events, time_point deadline,
           gateway::on_accepted done);

  const std::vector<db::new_event> &events() const { return events_; }
  std::size_t clients() const { return clients_.size(); }
  /// When the last of the clients stops waiting.
  time_point deadline() const { return deadline_; }

  /// Answers every client: one outcome per event, in order.
  void settle(accept_reply outcomes);

  /// Answers every client that nothing was begun.
  void refuse(const db::error &why);

private:
  struct client {
    std::size_t events = 0;
    gateway::on_accepted done;
  };

  std::vector<db::new_event> events_;
  std::vector<client> clients_;
  time_point deadline_{};
};

} // namespace sluice::actors
