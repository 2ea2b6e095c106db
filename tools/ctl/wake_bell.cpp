#include "tools/ctl/wake_bell.hpp"

#include <sys/eventfd.h>

#include <atomic>
#include <cerrno>

namespace sluice::tools {

namespace {

std::atomic<int> bell = -1;
static_assert(std::atomic<int>::is_always_lock_free);

} // namespace

int wake_bell::descriptor() {
  if (bell < 0)
    bell = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return bell;
}

void wake_bell::ring() noexcept {
  const auto interrupted_call = errno;
  if (bell >= 0)
    ::eventfd_write(bell, 1);
  errno = interrupted_call;
}

void wake_bell::silence() noexcept {
  eventfd_t count = 0;
  if (bell >= 0)
    ::eventfd_read(bell, &count);
}

} // namespace sluice::tools
