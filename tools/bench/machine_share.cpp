#include "tools/bench/machine_share.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace sluice::tools {

namespace {

/// Seconds of processor time that all processes have used.
double busy_seconds() {
  std::ifstream stat("/proc/stat");
  std::string label;
  double user = 0;
  double nice = 0;
  double system = 0;
  stat >> label >> user >> nice >> system;
  return (user + nice + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double seconds_of(const timeval &time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

double own_seconds() {
  double sum = 0;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    sum += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  }
  return sum;
}

} // namespace

machine_share::machine_share()
    : begun_(std::chrono::steady_clock::now()), busy_(busy_seconds()),
      ours_(own_seconds()) {}

double machine_share::others() const {
  auto passed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_);
  auto all =
      passed.count() * static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
  auto foreign = (busy_seconds() - busy_) - (own_seconds() - ours_);
  return std::max(0.0, 100.0 * foreign / all);
}

} // namespace sluice::tools
