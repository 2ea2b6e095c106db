#include "actors/intake/accept_group.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::actors {

accept_group::~accept_group() {
  refuse({db::errc::in_doubt, "ingest is being restarted", {}});
}

void accept_group::add(std::vector<db::new_event> events, time_point deadline,
                       gateway::on_accepted done) {
  // Both or none, when memory runs out: who is counted has its events here.
  if (clients_.size() == clients_.capacity())
    clients_.reserve(2 * clients_.size() + 8);
  events_.insert(events_.end(), std::make_move_iterator(events.begin()),
                 std::make_move_iterator(events.end()));
  clients_.push_back({events.size(), std::move(done)});
  deadline_ = std::max(deadline_, deadline);
}

void accept_group::settle(accept_reply outcomes) {
  auto next = std::make_move_iterator(outcomes.begin());
  for (auto &one : std::exchange(clients_, {})) {
    auto end = next + static_cast<std::ptrdiff_t>(one.events);
    one.done(accept_reply(next, end));
    next = end;
  }
}

void accept_group::refuse(const db::error &why) {
  for (auto &one : std::exchange(clients_, {}))
    one.done(tl::unexpected(why));
}

} // namespace sluice::actors
