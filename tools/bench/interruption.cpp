#include "tools/bench/interruption.hpp"

#include <csignal>
#include <thread>

#include "tools/bench/failure.hpp"

namespace sluice::tools {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void note_interruption(int /*signal*/) {
  interrupted = 1;
}

} // namespace

void catch_interruptions() {
  struct sigaction action {};
  action.sa_handler = note_interruption;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void throw_if_interrupted() {
  if (interrupted != 0)
    throw bench_failure("interrupted");
}

bool wait_until(const std::function<bool()> &condition,
                std::chrono::milliseconds limit,
                std::chrono::milliseconds pause) {
  return wait_regardless(
      [&] {
        throw_if_interrupted();
        return condition();
      },
      limit, pause);
}

bool wait_regardless(const std::function<bool()> &condition,
                     std::chrono::milliseconds limit,
                     std::chrono::milliseconds pause) {
  auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end)
      return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

void pass_time(std::chrono::milliseconds time) {
  wait_until([] { return false; }, time, std::chrono::milliseconds(20));
}

} // namespace sluice::tools
