#pragma once

#include <chrono>
#include <functional>

namespace sluice::tools {

/// From now on SIGINT and SIGTERM end the measurement at its next wait, so
/// that children and scratch files are cleaned up.
void catch_interruptions();

/// Throws `bench_failure` when one of them came.
void throw_if_interrupted();

/// Asks every `pause` until `condition` holds; false when it does not within
/// `limit`. Throws as `throw_if_interrupted`.
bool wait_until(const std::function<bool()> &condition,
                std::chrono::milliseconds limit,
                std::chrono::milliseconds pause);

/// As `wait_until`, whatever the signals: for cleaning up. Throws only what
/// `condition` throws.
bool wait_regardless(const std::function<bool()> &condition,
                     std::chrono::milliseconds limit,
                     std::chrono::milliseconds pause);

/// Lets time pass. Throws as `throw_if_interrupted`.
void pass_time(std::chrono::milliseconds time);

} // namespace sluice::tools
