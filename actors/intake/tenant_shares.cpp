#include "actors/intake/tenant_shares.hpp"

#include <algorithm>
#include <cmath>

#include "db/model/lanes.hpp"

namespace sluice::actors {

namespace {

constexpr std::size_t most_accounts = 100'000;
constexpr int whole = 100;
/// Where an organization that had too much may bring more again.
constexpr double reopens_at = 0.9;

} // namespace

tenant_shares::tenant_shares(long greatest_depth, int percent)
    : greatest_(greatest_depth), percent_(percent) {}

void tenant_shares::limit(long greatest_depth, int percent) {
  greatest_ = greatest_depth;
  percent_ = percent;
}

int tenant_shares::begin(db::organization_id owner, long count, long depth) {
  std::lock_guard lock(mutex_);
  auto *of = find_or_add(owner);
  if (of == nullptr)
    return 0;
  of->lane = std::max(of->lane, db::lane_for(estimate(*of, depth)));
  of->on_its_way += count;
  on_their_way_ += count;
  return of->lane;
}

void tenant_shares::settle(db::organization_id owner, long count,
                           long accepted) {
  std::lock_guard lock(mutex_);
  auto found = accounts_.find(owner);
  if (found == accounts_.end())
    return;
  auto &of = found->second;
  auto arrived = std::min(of.on_its_way, count);
  of.on_its_way -= arrived;
  on_their_way_ -= arrived;
  change(found, accepted);
}

long tenant_shares::on_their_way() const {
  std::lock_guard lock(mutex_);
  return on_their_way_;
}

void tenant_shares::claimed(db::organization_id owner, long count) {
  std::lock_guard lock(mutex_);
  auto found = accounts_.find(owner);
  if (found != accounts_.end())
    change(found, -count);
}

std::optional<long> tenant_shares::excess(db::organization_id owner, long count,
                                          long depth) {
  const int percent = percent_;
  if (percent >= whole)
    return std::nullopt;
  std::lock_guard lock(mutex_);
  auto found = accounts_.find(owner);
  if (found == accounts_.end())
    return std::nullopt;
  auto &of = found->second;
  auto times = static_cast<double>(percent) / (whole - percent);
  auto room = std::max(0L, greatest_ - depth - on_their_way_);
  auto most = times * static_cast<double>(room);
  auto has = static_cast<double>(estimate(of, depth));
  // With these it has more, and the room is less.
  auto brings = static_cast<double>(count) * (1 + times);
  if (has <= 0 || has + brings <= reopens_at * most)
    of.is_over = false;
  else if (has + brings > most)
    of.is_over = true;
  if (!of.is_over)
    return std::nullopt;
  // Each that leaves makes room by itself, too.
  auto surplus = (has + brings - reopens_at * most) / (1 + reopens_at * times);
  return std::clamp(std::lround(std::ceil(surplus)), 1L, std::lround(has));
}

void tenant_shares::begin_count() {
  std::lock_guard lock(mutex_);
  is_counting_ = true;
  for (auto &[owner, of] : accounts_)
    of.since_count = 0;
}

void tenant_shares::note_count(const db::backlogs &found) {
  std::lock_guard lock(mutex_);
  is_counting_ = false;
  if (found.exact)
    for (auto &[owner, of] : accounts_)
      of.waiting = of.since_count;
  for (const auto &one : found.found)
    if (auto *of = find_or_add(one.organization))
      of->waiting = std::max(of->waiting, one.pending + of->since_count);
  for (auto at = accounts_.begin(); at != accounts_.end();)
    at = tidy(at);
}

std::size_t tenant_shares::size() const {
  std::lock_guard lock(mutex_);
  return accounts_.size();
}

tenant_shares::account *tenant_shares::find_or_add(db::organization_id owner) {
  auto found = accounts_.find(owner);
  if (found != accounts_.end())
    return &found->second;
  return accounts_.size() < most_accounts ? &accounts_[owner] : nullptr;
}

void tenant_shares::change(accounts::iterator where, long by) {
  where->second.waiting += by;
  where->second.since_count += by;
  tidy(where);
}

/// Returns the account behind it.
tenant_shares::accounts::iterator
tenant_shares::tidy(accounts::iterator where) {
  auto &of = where->second;
  of.waiting = std::max(of.waiting, -of.on_its_way);
  if (of.waiting <= 0)
    of.lane = 0;
  auto is_idle = of.waiting == 0 && of.on_its_way == 0;
  return is_idle && !is_counting_ ? accounts_.erase(where) : std::next(where);
}

long tenant_shares::estimate(const account &of, long depth) {
  return std::max(0L, of.on_its_way + std::min(of.waiting, depth));
}

} // namespace sluice::actors
