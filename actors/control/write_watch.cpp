#include "actors/control/write_watch.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

/// Whether a failure of a commit tells of the store, and not of its events.
bool is_of_the_store(db::errc code) {
  switch (code) {
  case db::errc::unavailable:
  case db::errc::in_doubt:
  case db::errc::conflict:
  case db::errc::schema:
  case db::errc::locked:
    return true;
  case db::errc::rejected:
  case db::errc::closed:
    return false;
  }
  return true;
}

constexpr std::string_view kept_waiting = "no change was made in time";

} // namespace

bool is_vague(std::string_view cause) {
  return cause.ends_with(kept_waiting) ||
         cause.ends_with("within the call's time");
}

write_watch::time_point write_watch::begin(time_point now) {
  std::lock_guard lock(mutex_);
  under_way_.push_back(now);
  return now;
}

void write_watch::end(kind what, time_point begun, const db::error *failure,
                      time_point now) {
  std::lock_guard lock(mutex_);
  if (auto at = std::ranges::find(under_way_, begun); at != under_way_.end())
    under_way_.erase(at);
  if (failure == nullptr)
    return succeed(what, now);
  switch (what) {
  case kind::commit:
    if (is_of_the_store(failure->code))
      fail(commits_, begun, failure->text, now);
    return;
  case kind::heartbeat:
    return fail(heartbeats_, begun, failure->text, now);
  case kind::upkeep:
    // It has its own reasons to fail, but none to wait so long for.
    if (now - begun >= longest_wait)
      fail(heartbeats_, begun, failure->text, now);
    return;
  }
}

void write_watch::succeed(kind what, time_point now) {
  if (what == kind::upkeep)
    return;
  heartbeats_.since.reset();
  // A full disk may have room for a heartbeat and none for events.
  if (what == kind::commit || now - commits_.last >= quiet_time)
    commits_.since.reset();
  if (commits_.since)
    return;
  last_success_ = now;
  cause_.clear();
}

void write_watch::fail(streak &of, time_point begun, std::string_view cause,
                       time_point now) {
  // Others may have succeeded while it waited.
  if (!of.since)
    of.since = std::max(begun, last_success_);
  of.last = now;
  if (cause_.empty() || is_vague(cause_) || !is_vague(cause))
    cause_ = cause;
}

std::optional<write_watch::time_point> write_watch::failing_since() const {
  if (!commits_.since || !heartbeats_.since)
    return commits_.since ? commits_.since : heartbeats_.since;
  return std::min(*commits_.since, *heartbeats_.since);
}

bool write_watch::is_failing() const {
  std::lock_guard lock(mutex_);
  return failing_since().has_value();
}

std::optional<std::string>
write_watch::trouble(std::chrono::milliseconds patience, time_point now) const {
  std::lock_guard lock(mutex_);
  if (const auto since = failing_since(); since && now - *since >= patience)
    return cause_;
  const auto oldest = std::ranges::min_element(under_way_);
  if (oldest == under_way_.end() ||
      now - std::max(*oldest, last_success_) < longest_wait)
    return std::nullopt;
  return std::string(kept_waiting);
}

} // namespace sluice::actors
