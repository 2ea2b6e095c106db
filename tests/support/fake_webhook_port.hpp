#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "actors/webhook_port.hpp"

namespace sluice::tests {

/// Endpoints that are not there: remembers what they are sent, and answers as
/// they are told to. Outlives the ports that it opens. Thread-safe.
class fake_receivers {
public:
  /// What a receiver does with a request; 0: nothing, until `answer_all`.
  using script = std::function<int(const actors::webhook_request &)>;

  fake_receivers();
  ~fake_receivers();

  actors::webhook_port_opener opener();

  /// 200, if nothing else is said.
  void on_request(script does);

  std::vector<actors::webhook_request> seen() const;
  std::size_t count() const;
  /// Requests that have no answer yet.
  std::size_t waiting() const;
  /// The most that waited at once for one URL.
  std::size_t most_at_once(const std::string &url) const;
  /// Answers all that wait; returns how many.
  std::size_t answer_all(int status);

private:
  struct state;
  class port;
  std::shared_ptr<state> state_;
};

} // namespace sluice::tests
