#include "actors/control/store_session.hpp"

#include <algorithm>
#include <thread>

namespace sluice::actors {

namespace {

// The longest pause keeps a node's own return well within the five seconds
// that operators are promised after the database is back.
constexpr std::chrono::milliseconds first_pause{50};
constexpr std::chrono::milliseconds longest_pause{1'000};

bool is_spent(db::errc code) {
  switch (code) {
  case db::errc::unavailable:
  case db::errc::in_doubt:
    return true;
  case db::errc::conflict:
  case db::errc::rejected:
  case db::errc::schema:
  case db::errc::locked:
  case db::errc::closed:
    return false;
  }
  return true;
}

} // namespace

store_session::store_session(std::shared_ptr<db::store_source> source,
                             db::purpose purpose)
    : source_(std::move(source)), purpose_(purpose),
      pauses_(first_pause, longest_pause) {}

db::result<db::store *> store_session::get() {
  // Whoever asks first after an outage is not to hear of it.
  if (session_ && session_->is_connected())
    return session_.get();
  session_.reset();
  if (clock::now() < next_attempt_)
    return tl::unexpected(last_failure_);
  auto fresh = source_->connect(purpose_);
  if (!fresh) {
    last_failure_ = fresh.error();
    next_attempt_ = clock::now() + pauses_.next();
    return tl::unexpected(last_failure_);
  }
  session_ = std::move(*fresh);
  pauses_.reset();
  return session_.get();
}

db::result<db::store *> store_session::get_until(clock::time_point deadline) {
  for (;;) {
    auto session = get();
    if (session || next_attempt_ >= deadline)
      return session;
    std::this_thread::sleep_until(next_attempt_);
  }
}

void store_session::note(const db::error &failure) {
  if (!is_spent(failure.code))
    return;
  session_.reset();
  last_failure_ = failure;
}

db::result<bool> store_session::settle(const db::error &doubt,
                                       clock::time_point deadline) {
  auto session = get_until(deadline);
  if (!session)
    return tl::unexpected(doubt);
  auto settled = (*session)->resolve(doubt);
  if (settled)
    return settled->has_value();
  note(settled.error());
  return tl::unexpected(doubt);
}

store_session::clock::time_point store_session::next_attempt() const {
  return session_ ? clock::time_point{} : next_attempt_;
}

} // namespace sluice::actors
