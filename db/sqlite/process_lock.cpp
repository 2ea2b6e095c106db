#include "db/sqlite/process_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace sluice::db::sqlite {

namespace {

/// What the holder wrote, for people; the lock itself is the kernel's.
std::string holder_of(int file) {
  std::array<char, 32> text{};
  auto length = pread(file, text.data(), text.size(), 0);
  std::string pid;
  for (ssize_t i = 0; i < length; ++i) {
    auto digit = text[static_cast<std::size_t>(i)];
    if (digit < '0' || digit > '9')
      break;
    pid += digit;
  }
  return pid.empty() ? "an unknown process" : "process " + pid;
}

bool write_own_pid(int file) {
  auto pid = std::to_string(getpid()) + "\n";
  return ftruncate(file, 0) == 0 && pwrite(file, pid.data(), pid.size(), 0) ==
                                        static_cast<ssize_t>(pid.size());
}

} // namespace

result<process_lock>
process_lock::acquire(const std::filesystem::path &database) {
  auto path = database.string() + ".lock";
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return fail(errc::unavailable, "open: can't make the lock file " + path +
                                       ": " + std::strerror(errno));
  process_lock lock(file);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return fail(errc::unavailable,
                  "open: can't lock " + path + ": " + std::strerror(errno));
    return fail(errc::locked,
                "open: " + database.string() + " belongs to " +
                    holder_of(file) + ", which holds " + path +
                    "; one process works on a SQLite database at a time");
  }
  if (!write_own_pid(file))
    return fail(errc::unavailable, "open: can't write to the lock file " +
                                       path + ": " + std::strerror(errno));
  return lock;
}

process_lock::process_lock(process_lock &&other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

process_lock::~process_lock() {
  if (file_ >= 0)
    close(file_);
}

} // namespace sluice::db::sqlite
