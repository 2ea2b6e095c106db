#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

namespace sluice::actors {

/// How much one endpoint may be sent now: its own limits, a slow start, and a
/// circuit breaker that stops sending while next to nothing arrives. Pure:
/// time comes in as a parameter. Belongs to one thread.
class endpoint_lane {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  /// The breaker opens when, of so many attempts or up to twice as many, this
  /// part has failed.
  static constexpr std::size_t least_to_judge = 10;
  static constexpr double failures_to_open = 0.7;
  /// How long it stays open before one attempt may probe; doubles from probe
  /// to probe that fails.
  static constexpr std::chrono::milliseconds first_pause{5'000};
  static constexpr std::chrono::milliseconds longest_pause{60'000};
  /// An endpoint may be one that hangs when nothing has come back for so long,
  /// although it was sent to, and for so many times what it takes on the
  /// average.
  static constexpr std::chrono::milliseconds least_patience{250};
  static constexpr std::chrono::milliseconds most_patience{5'000};
  static constexpr int times_of_average = 4;

  struct limits {
    int max_in_flight = 1;
    /// Requests a second; 0: any number.
    int rate = 0;
  };

  endpoint_lane(limits allowed, time_point now);

  /// From now on.
  void set(limits allowed);

  /// How many attempts may begin now.
  int room(time_point now);

  /// So many begin now.
  void begun(int count, time_point now);

  /// One has ended, after so long.
  void ended(bool has_arrived, std::chrono::microseconds took, time_point now);

  /// One was not made.
  void returned();

  /// There is no room before this time.
  void hold(time_point until);

  int in_flight() const { return in_flight_; }

  /// False while it has to be feared that an attempt keeps its place for as
  /// long as it may: the last one has failed, or nothing comes back.
  bool is_proven(time_point now) const;

  /// Whether nothing is sent at present but a probe.
  bool is_broken() const { return is_broken_; }

private:
  void refill(time_point now);
  void note(bool has_arrived);
  bool has_failed_too_often() const;
  void open(time_point now);

  limits limits_;
  int in_flight_ = 0;
  /// How many may be in flight: one at first, twice as many with each that
  /// arrives, half as many with each that fails.
  int width_ = 1;
  /// What the rate allows at once; at most a tenth of a second's.
  double tokens_ = 0;
  time_point filled_at_;
  bool has_failed_ = false;
  /// Of those that arrived, each counting an eighth of those before.
  std::chrono::microseconds average_{0};
  /// Since when nothing has come back; of meaning while some are in flight.
  time_point silent_since_{};
  time_point held_until_{};
  /// The last attempts: whether each has arrived.
  std::deque<bool> recent_;
  bool is_broken_ = false;
  time_point probe_at_{};
  std::chrono::milliseconds pause_{first_pause};
};

} // namespace sluice::actors
