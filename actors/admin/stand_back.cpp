#include "actors/admin/stand_back.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include <sched.h>

namespace sluice::actors {

namespace {

constexpr int niceness = 5;
// Linux lets whoever runs go on to the end of its slice, however nice it is,
// unless one wakes whose slice is shorter: and those of all others are, because
// one to three milliseconds are usual. (From 0.1 to 100 ms can be had.)
// https://docs.kernel.org/scheduler/sched-eevdf.html
constexpr std::uint64_t slice_ns = 20'000'000;

/// As in <linux/sched/types.h>, which glibc's headers clash with.
struct scheduling {
  std::uint32_t size = sizeof(scheduling);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

} // namespace

void stand_back() {
  ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + niceness);
  scheduling wanted;
  wanted.nice = ::getpriority(PRIO_PROCESS, 0);
  wanted.runtime_ns = slice_ns;
  // Linux before 6.12 has no slices to ask for; the low priority has to do.
  ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

} // namespace sluice::actors
