#include "actors/admin/stand_back.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <thread>

#include <catch2/catch.hpp>

using namespace sluice::actors;

namespace {

struct place_in_line {
  int niceness = 0;
  /// In nanoseconds; 0 where Linux has none (before 6.12).
  std::uint64_t slice = 0;
};

place_in_line place_of_thread() {
  // As `sched_getattr` fills it: the slice is the fourth of 64 bits each.
  std::array<std::uint64_t, 6> attributes{};
  ::syscall(SYS_sched_getattr, 0, attributes.data(), sizeof attributes, 0);
  return {::getpriority(PRIO_PROCESS, 0), attributes[3]};
}

} // namespace

TEST_CASE("who stands back lets others go first, with all its threads",
          "[admin]") {
  const auto usual = place_of_thread();
  place_in_line own;
  place_in_line made;
  std::thread([&] {
    stand_back();
    own = place_of_thread();
    std::thread([&] { made = place_of_thread(); }).join();
  }).join();
  CHECK(own.niceness > usual.niceness);
  CHECK((own.slice > usual.slice || usual.slice == 0));
  CHECK(made.niceness == own.niceness);
  CHECK(made.slice == own.slice);
}
