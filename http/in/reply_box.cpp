#include "http/in/reply_box.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sluice::http {

namespace {

int make_event() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  return fd;
}

} // namespace

reply_box::reply_box() : wake_up_(make_event()) {}

reply_box::~reply_box() {
  ::close(wake_up_);
}

void reply_box::post(reply one) {
  std::unique_lock lock(mutex_);
  if (!is_closed_) {
    content_.replies.push_back(std::move(one));
    wake_if_asleep(std::move(lock));
  }
}

bool reply_box::post(int accepted) {
  std::unique_lock lock(mutex_);
  if (is_closed_) {
    return false;
  }
  content_.accepted.push_back(accepted);
  wake_if_asleep(std::move(lock));
  return true;
}

void reply_box::wake() {
  wake_if_asleep(std::unique_lock(mutex_));
}

void reply_box::wake_if_asleep(std::unique_lock<std::mutex> lock) {
  const bool was_asleep = std::exchange(is_asleep_, false);
  // The loop takes the mutex first thing, and would have to sleep again.
  lock.unlock();
  if (was_asleep) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_up_, &one, sizeof one);
  }
}

reply_box::content reply_box::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(content_, {});
}

bool reply_box::may_sleep() {
  const std::lock_guard lock(mutex_);
  is_asleep_ = content_.replies.empty() && content_.accepted.empty();
  return is_asleep_;
}

void reply_box::woke_up() {
  const std::lock_guard lock(mutex_);
  is_asleep_ = false;
}

void reply_box::silence() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(wake_up_, &count, sizeof count);
}

reply_box::content reply_box::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  return std::exchange(content_, {});
}

} // namespace sluice::http
