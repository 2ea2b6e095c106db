#include "actors/intake/intake_box.hpp"

#include <utility>

namespace sluice::actors {

namespace {

constexpr double weight_of_a_group = 1.0 / 32;
constexpr double clients_in_a_burst = 8;
constexpr std::chrono::milliseconds soon_forgotten{200};
constexpr unsigned turns_for_one_behind = 4;

db::error being_restarted() {
  return {db::errc::unavailable, "ingest is being restarted", {}};
}

} // namespace

void intake_box::limit(std::size_t events) {
  std::lock_guard lock(mutex_);
  limit_ = events;
}

void intake_box::put(std::vector<db::new_event> events, time_point deadline,
                     gateway::on_accepted done) {
  ingest_actor first;
  change made;
  {
    std::lock_guard lock(mutex_);
    first = handle_;
    if (first)
      made = add(events, deadline, done);
  }
  if (!first)
    done(tl::unexpected(being_restarted()));
  if (made.is_group_new)
    caf::anon_send(first, flush_atom::value);
  if (made.is_group_full)
    caf::anon_send(relief_.get(), flush_atom::value);
}

intake_box::change intake_box::add(std::vector<db::new_event> &events,
                                   time_point deadline,
                                   gateway::on_accepted &done) {
  auto &groups = !events.empty() && events.front().lane > 0 ? behind_ : first_;
  auto was_full = is_full(groups);
  auto is_new =
      groups.empty() || groups.back()->events().size() + events.size() > limit_;
  if (is_new)
    groups.push_back(std::make_unique<accept_group>());
  groups.back()->add(std::move(events), deadline, std::move(done));
  return {.is_group_new = is_new,
          .is_group_full = is_full(groups) && (is_new || !was_full)};
}

bool intake_box::is_full(const line &groups) const {
  return groups.size() > 1 ||
         (!groups.empty() && groups.front()->events().size() * 2 >= limit_);
}

intake_box::line &intake_box::next_line() {
  if (first_.empty() || behind_.empty())
    return first_.empty() ? behind_ : first_;
  return ++turn_ % turns_for_one_behind == 0 ? behind_ : first_;
}

std::unique_ptr<accept_group> intake_box::take() {
  std::lock_guard lock(mutex_);
  return take_from(next_line());
}

std::unique_ptr<accept_group> intake_box::take_full() {
  std::lock_guard lock(mutex_);
  if (is_full(first_) && is_full(behind_))
    return take_from(next_line());
  if (is_full(first_))
    return take_from(first_);
  return is_full(behind_) ? take_from(behind_) : nullptr;
}

std::unique_ptr<accept_group> intake_box::take_from(line &groups) {
  if (groups.empty())
    return nullptr;
  auto oldest = std::move(groups.front());
  groups.pop_front();
  auto clients = static_cast<double>(oldest->clients());
  clients_ += (clients - clients_) * weight_of_a_group;
  last_taken_ = std::chrono::steady_clock::now();
  return oldest;
}

bool intake_box::has_burst() const {
  std::lock_guard lock(mutex_);
  return clients_ >= clients_in_a_burst &&
         std::chrono::steady_clock::now() - last_taken_ < soon_forgotten;
}

ingest_actor intake_box::get() const {
  std::lock_guard lock(mutex_);
  return handle_;
}

void intake_box::leave(const caf::actor_addr &who) {
  if (auto current = get(); current && current.address() == who)
    set({});
}

void intake_box::set(ingest_actor handle) {
  line first;
  line behind;
  {
    std::lock_guard lock(mutex_);
    std::swap(handle_, handle);
    if (!handle_) {
      first.swap(first_);
      behind.swap(behind_);
      clients_ = 0;
    }
  }
  for (auto *given_up : {&first, &behind})
    for (auto &group : *given_up)
      group->refuse(being_restarted());
}

} // namespace sluice::actors
