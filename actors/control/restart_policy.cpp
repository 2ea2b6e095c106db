#include "actors/control/restart_policy.hpp"

namespace sluice::actors {

restart_policy::restart_policy(restart_limits limits)
    : limits_(limits), delays_(limits.first_delay, limits.longest_delay) {}

std::optional<std::chrono::milliseconds>
restart_policy::on_crash(time_point now) {
  while (!crashes_.empty() && now - crashes_.front() > limits_.window)
    crashes_.pop_front();
  if (crashes_.empty())
    delays_.reset();
  crashes_.push_back(now);
  if (crashes_.size() > static_cast<std::size_t>(limits_.max_restarts))
    return std::nullopt;
  return delays_.next();
}

} // namespace sluice::actors
