/// For LD_PRELOAD: while the file that FAILING_SYNC_FLAG names exists, fsync
/// and fdatasync fail with EIO and sync nothing, as on a medium that is dying.

#include <cerrno>
#include <cstdlib>

#include <dlfcn.h>
#include <unistd.h>

namespace {

using sync_call = int (*)(int);

bool is_failing() {
  const char *flag = std::getenv("FAILING_SYNC_FLAG");
  return flag != nullptr && access(flag, F_OK) == 0;
}

int sync_or_fail(const char *name, int file) {
  if (is_failing()) {
    errno = EIO;
    return -1;
  }
  auto next = reinterpret_cast<sync_call>(dlsym(RTLD_NEXT, name));
  return next(file);
}

} // namespace

extern "C" int fsync(int file) {
  return sync_or_fail("fsync", file);
}

extern "C" int fdatasync(int file) {
  return sync_or_fail("fdatasync", file);
}
