#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

std::atomic<int> times_asked{0};

} // namespace

/// Takes the place of the C library's for the whole test program.
extern "C" int sync_file_range(int file, off64_t begin, off64_t bytes,
                               unsigned flags) {
  ++times_asked;
  return static_cast<int>(
      syscall(SYS_sync_file_range, file, begin, bytes, flags));
}

TEST_CASE("the pages of claims and moves begin their way to the disk at once",
          "[sqlite]") {
  bench on("sqlite");
  auto asked = [](auto &&work) {
    const auto before = times_asked.load();
    work();
    return times_asked - before;
  };
  // An fsync follows, which has all of them written.
  CHECK(asked([&] { on.accept_some(20); }) == 0);
  db::claim taken;
  CHECK(asked([&] { taken = on.claim(5); }) == 1);
  CHECK(asked([&] { value_of(on.session().move(taken.id)); }) == 1);
  taken = on.claim(5);
  CHECK(asked([&] {
          value_of(on.session().move_each(taken.id, ids_of(taken)));
        }) == 1);
  CHECK(asked([&] {
          value_of(on.session().move_due({on.node().id, 5}));
        }) == 1);
  CHECK(on.count("events") == 15);
}
