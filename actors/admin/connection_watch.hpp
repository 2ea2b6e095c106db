#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

namespace sluice::actors {

struct watch_limits {
  /// Connections that are kept, without newcomers; of those four times as many.
  std::size_t most = 32;
  /// Who has sent nothing for so long is gone, or never meant to say anything.
  std::chrono::milliseconds silence{10'000};
  /// So long a newcomer may take to show a certificate, before it counts like
  /// the others when there are too many.
  std::chrono::milliseconds grace{2'000};
};

/// What one look has seen and done.
struct watch_report {
  std::size_t open = 0;
  std::size_t ended_silent = 0;
  std::size_t ended_surplus = 0;
};

/// Looks at this process's connections at a port that it listens on, and ends
/// those that are silent or too many: for a library that accepts whatever
/// comes and knows no limits. Of too many those go first that have sent least,
/// because they have not even shown a certificate, and nobody because of
/// newcomers. Whoever owns the socket sees its peer hang up. One thread at a
/// time.
class connection_watch {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit connection_watch(watch_limits limits = {}) : limits_(limits) {}

  watch_report look(int port, time_point now);

private:
  watch_limits limits_;
  /// By the number that the kernel gives a socket.
  std::map<std::uint64_t, time_point> first_seen_;
};

} // namespace sluice::actors
