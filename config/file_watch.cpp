#include "config/file_watch.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>

namespace sluice::config {

namespace {

// A file that never rests is read all the same after so many looks.
constexpr int most_looks = 10;
// Clocks of file systems are coarse: some count whole seconds.
constexpr std::int64_t young_ns = 2'000'000'000;

std::int64_t to_ns(const timespec &time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

file_watch::signature file_watch::look_at_file() const {
  struct stat about = {};
  if (::stat(path_.c_str(), &about) != 0)
    return {.failure = errno};
  return {.device = about.st_dev,
          .number = about.st_ino,
          .size = about.st_size,
          .written_ns = to_ns(about.st_mtim),
          .changed_ns = to_ns(about.st_ctim)};
}

file_watch::verdict file_watch::look() {
  auto now = look_at_file();
  if (now == read_ && !was_young_)
    return verdict::same;
  auto is_moving = now != seen_;
  seen_ = now;
  if (is_moving && ++settling_for_ < most_looks)
    return verdict::settling;
  return verdict::changed;
}

void file_watch::begin_read() {
  read_ = look_at_file();
  seen_ = read_;
  settling_for_ = 0;
  auto age = now_ns() - read_.changed_ns;
  was_young_ = read_.failure == 0 && age >= 0 && age < young_ns;
}

} // namespace sluice::config
