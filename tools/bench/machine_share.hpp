#pragma once

#include <chrono>

namespace sluice::tools {

/// How much of the machine's processors somebody else used since the object
/// was made: what a measurement was disturbed by.
class machine_share {
public:
  machine_share();

  /// In percent of all processors. Children count as ours once they were
  /// waited for. Nothing below 0.
  double others() const;

private:
  std::chrono::steady_clock::time_point begun_;
  double busy_;
  double ours_;
};

} // namespace sluice::tools
