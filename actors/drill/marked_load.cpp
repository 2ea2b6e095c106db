#include "actors/drill/marked_load.hpp"

#include <algorithm>
#include <condition_variable>
#include <utility>

namespace sluice::actors {

namespace {

using fate = marked_event::fate;

constexpr int batches = 50;

marked_event told(db::event_id id, const db::error &why) {
  const auto is_unsaid = why.code == db::errc::in_doubt;
  return {id, is_unsaid ? fate::doubtful : fate::refused, why.text};
}

marked_event told(db::event_id id,
                  const db::result<db::accept_outcome> &outcome) {
  if (!outcome)
    return told(id, outcome.error());
  using kind = db::accept_outcome::kind;
  switch (outcome->what) {
  case kind::accepted:
    return {id, fate::accepted};
  case kind::created:
    return {id, fate::created};
  case kind::duplicate:
  case kind::mismatch:
    break;
  }
  return {id, fate::doubtful, "taken for another event"};
}

/// False: it is to end.
bool wait_for(const std::stop_token &end, std::chrono::microseconds span) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock guard(mutex);
  never.wait_for(guard, end, span, [] { return false; });
  return !end.stop_requested();
}

} // namespace

marked_load::marked_load(gateway &door, db::organization_id owner,
                         std::string mark)
    : door_(door), owner_(owner), mark_(std::move(mark)) {}

marked_load::~marked_load() {
  break_off();
}

std::vector<db::new_event> marked_load::make(int count) {
  std::vector<db::new_event> events;
  events.reserve(static_cast<std::size_t>(count));
  for (int made = 0; made < count; ++made)
    events.push_back({.id = db::event_id::generate(),
                      .organization = owner_,
                      .type = "sluice.drill",
                      .payload = "{\"mark\":\"" + mark_ + "\",\"number\":" +
                                 std::to_string(++made_) + "}",
                      .key = std::nullopt});
  return events;
}

std::vector<marked_event> marked_load::send(std::vector<db::new_event> events) {
  std::vector<db::event_id> ids;
  ids.reserve(events.size());
  for (const auto &one : events)
    ids.push_back(one.id);
  const auto replies = door_.accept(std::move(events));
  std::vector<marked_event> answers;
  for (std::size_t at = 0; at < ids.size(); ++at)
    answers.push_back(replies ? told(ids[at], replies->at(at))
                              : told(ids[at], replies.error()));
  std::lock_guard guard(mutex_);
  sent_.insert(sent_.end(), answers.begin(), answers.end());
  return answers;
}

void marked_load::begin(int count, std::chrono::milliseconds over) {
  break_off();
  is_done_ = false;
  sender_ = std::jthread([this, count, over](const std::stop_token &end) {
    const auto each = std::max(1, count / batches);
    const auto wait = std::chrono::microseconds(over) * each / count;
    for (int left = count; left > 0 && wait_for(end, wait); left -= each)
      send(std::min(left, each));
    is_done_ = true;
  });
}

void marked_load::finish() {
  if (sender_.joinable())
    sender_.join();
}

void marked_load::break_off() {
  sender_.request_stop();
  finish();
}

std::vector<marked_event> marked_load::sent() const {
  std::lock_guard guard(mutex_);
  return sent_;
}

int marked_load::taken() const {
  std::lock_guard guard(mutex_);
  return static_cast<int>(std::ranges::count_if(sent_, [](const auto &one) {
    return one.told == fate::accepted || one.told == fate::created;
  }));
}

} // namespace sluice::actors
