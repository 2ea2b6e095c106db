#include "http/in/machine_facts.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

namespace sluice::http {

namespace {

/// The number behind `name` in a file of lines like `VmRSS:  123 kB`.
std::int64_t number_in(const char *file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name)) {
      std::istringstream rest(line.substr(name.size()));
      std::int64_t number = 0;
      return rest >> number ? number : 0;
    }
  return 0;
}

std::int64_t kilobytes_in(const char *file, std::string_view name) {
  constexpr std::int64_t kilobyte = 1024;
  return number_in(file, name) * kilobyte;
}

double seconds_of(const timespec &span) {
  constexpr double nanoseconds = 1e9;
  return static_cast<double>(span.tv_sec) +
         static_cast<double>(span.tv_nsec) / nanoseconds;
}

double seconds_by(clockid_t which) {
  timespec now{};
  return ::clock_gettime(which, &now) == 0 ? seconds_of(now) : 0;
}

/// When this process began, in seconds since the machine did.
double begin_of_process() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // The name in brackets may hold blanks.
  std::istringstream rest(text.substr(std::min(text.rfind(')'), text.size())));
  std::string word;
  // The 22nd of all is the 21st from the bracket on.
  constexpr int position = 21;
  for (int at = 0; at < position; ++at)
    rest >> word;
  const auto ticks = std::strtod(word.c_str(), nullptr);
  return ticks / static_cast<double>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
}

long count_open_files() {
  std::error_code failure;
  long count = 0;
  for (auto at = std::filesystem::directory_iterator("/proc/self/fd", failure);
       !failure && at != std::filesystem::directory_iterator();
       at.increment(failure))
    ++count;
  return count;
}

} // namespace

double cpu_seconds() {
  return seconds_by(CLOCK_PROCESS_CPUTIME_ID);
}

process_facts read_process() {
  process_facts out;
  out.id = ::getpid();
  out.uptime_seconds =
      std::max(0.0, seconds_by(CLOCK_BOOTTIME) - begin_of_process());
  out.cpu_seconds = cpu_seconds();
  out.resident_bytes = kilobytes_in("/proc/self/status", "VmRSS:");
  out.threads = number_in("/proc/self/status", "Threads:");
  out.open_files = count_open_files();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    out.most_open_files = static_cast<long>(limit.rlim_cur);
  return out;
}

machine_facts read_machine() {
  machine_facts out;
  out.cores = std::thread::hardware_concurrency();
  std::ifstream("/proc/loadavg") >> out.load;
  out.memory_bytes = kilobytes_in("/proc/meminfo", "MemTotal:");
  out.available_bytes = kilobytes_in("/proc/meminfo", "MemAvailable:");
  return out;
}

std::optional<disk_facts> read_disk(const std::string &folder) {
  struct statvfs found {};
  if (folder.empty() || ::statvfs(folder.c_str(), &found) != 0)
    return std::nullopt;
  const auto block = static_cast<std::int64_t>(found.f_frsize);
  return disk_facts{
      .folder = folder,
      .free_bytes = block * static_cast<std::int64_t>(found.f_bavail),
      .total_bytes = block * static_cast<std::int64_t>(found.f_blocks)};
}

} // namespace sluice::http
