#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "actors/webhook_port.hpp"
#include "db/model/delivery.hpp"

namespace sluice::actors {

/// What an attempt means for its delivery and its endpoint.
struct verdict {
  db::delivery_result::kind what = db::delivery_result::kind::delivered;
  /// With `retry`.
  std::chrono::milliseconds retry_in{0};
  /// One line; empty when it was delivered.
  std::string error;
  /// The endpoint says that it is gone (410).
  bool is_gone = false;

  bool is_delivered() const {
    return what == db::delivery_result::kind::delivered;
  }
};

/// A wait that an endpoint asks for is honoured up to this.
inline constexpr std::chrono::milliseconds longest_asked_wait{3'600'000};

/// Judges an answer as Standard Webhooks does: 2xx has arrived, nothing else
/// has. After the failure of attempt n the n-th wait of the schedule follows,
/// `jitter` (-1 to 1) times a fifth of it longer; behind the last one it is a
/// dead letter. 429 and 503 may ask for a longer wait. Pure.
verdict judge(const webhook_answer &answer, int attempts,
              const config::delivery_settings &settings, double jitter);

} // namespace sluice::actors
