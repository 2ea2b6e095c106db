#include "db/sqlite/process_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
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

/// `08:01:1234`, as the kernel lists a locked file.
std::string listed_name(const struct stat &file) {
  std::array<char, 64> text{};
  const auto size = std::snprintf(
      text.data(), text.size(), "%02x:%02x:%llu", gnu_dev_major(file.st_dev),
      gnu_dev_minor(file.st_dev), static_cast<unsigned long long>(file.st_ino));
  return {text.data(), static_cast<std::size_t>(size)};
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

std::int64_t holder_of_lock(const std::filesystem::path &database) {
  struct stat file {};
  if (::stat((database.string() + ".lock").c_str(), &file) != 0)
    return 0;
  const auto wanted = listed_name(file);
  std::ifstream locks("/proc/locks");
  // "1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF"; those that wait have an
  // arrow behind the number.
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number;
    std::string kind;
    std::string manner;
    std::string what;
    std::int64_t process = 0;
    std::string name;
    if (words >> number >> kind >> manner >> what >> process >> name &&
        kind == "FLOCK" && name == wanted)
      return process;
  }
  return 0;
}

} // namespace sluice::db::sqlite
