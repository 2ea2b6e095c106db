#include "tests/db/sqlite/faulty_disk.hpp"

#include <atomic>

#include <sqlite3.h>

namespace sluice::tests {

namespace {

struct countdown {
  std::atomic<int> until_first{0};
  std::atomic<int> left{0};

  bool is_due() {
    if (left <= 0 || --until_first > 0)
      return false;
    --left;
    return true;
  }
};

std::atomic<bool> is_dying{false};
std::atomic<long> all_writes{0};
countdown writes;
countdown syncs;
sqlite3_vfs *real = nullptr;
sqlite3_vfs between;
const sqlite3_io_methods *real_methods = nullptr;
sqlite3_io_methods methods_between;

int write_or_fail(sqlite3_file *file, const void *bytes, int size,
                  sqlite3_int64 at) {
  ++all_writes;
  if (writes.is_due())
    return SQLITE_IOERR_WRITE;
  return real_methods->xWrite(file, bytes, size, at);
}

int sync_or_fail(sqlite3_file *file, int flags) {
  if (syncs.is_due()) {
    if (is_dying)
      writes.left = faulty_disk::for_ever;
    return SQLITE_IOERR_FSYNC;
  }
  return real_methods->xSync(file, flags);
}

int open_between(sqlite3_vfs * /*vfs*/, const char *name, sqlite3_file *file,
                 int flags, int *out_flags) {
  int code = real->xOpen(real, name, file, flags, out_flags);
  if (code != SQLITE_OK || (flags & SQLITE_OPEN_WAL) == 0)
    return code;
  real_methods = file->pMethods;
  methods_between = *real_methods;
  methods_between.xWrite = write_or_fail;
  methods_between.xSync = sync_or_fail;
  file->pMethods = &methods_between;
  return code;
}

} // namespace

faulty_disk::faulty_disk() {
  real = sqlite3_vfs_find(nullptr);
  between = *real;
  between.zName = "faulty";
  between.xOpen = open_between;
  sqlite3_vfs_register(&between, 1);
}

faulty_disk::~faulty_disk() {
  heal();
  sqlite3_vfs_unregister(&between);
  sqlite3_vfs_register(real, 1);
}

void faulty_disk::plan(operation what, int nth, int times) {
  auto &planned = what == operation::write ? writes : syncs;
  planned.until_first = nth;
  planned.left = times;
}

void faulty_disk::die_at_next_sync() {
  is_dying = true;
  plan(operation::sync, 1, faulty_disk::for_ever);
}

void faulty_disk::heal() {
  is_dying = false;
  writes.left = 0;
  syncs.left = 0;
}

bool faulty_disk::is_spent() const {
  return writes.left <= 0 && syncs.left <= 0;
}

long faulty_disk::writes_so_far() {
  return all_writes;
}

} // namespace sluice::tests
