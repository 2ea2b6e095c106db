#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>

#include "actors/webhook_port.hpp"
#include "config/settings.hpp"
#include "db/model/ids.hpp"

namespace sluice::http {

/// Sends single webhooks for those who wait for the answer: tests of
/// endpoints. Each has a port of its own, so that it neither waits for the
/// deliveries nor stands in their way. Thread-safe.
class webhook_trials {
public:
  /// At once in all; each organization has one.
  static constexpr std::size_t most_at_once = 8;
  /// An attempt takes no longer than this, or `delivery.timeout`.
  static constexpr std::chrono::milliseconds longest{10'000};

  explicit webhook_trials(actors::webhook_port_opener open);

  /// Sends it and waits for what comes of it. Nothing when there are too many
  /// at present.
  std::optional<actors::webhook_answer> run(db::organization_id who,
                                            actors::webhook_request request,
                                            config::delivery_settings settings);

private:
  /// Of one trial; given back with the object.
  class place;

  const actors::webhook_port_opener open_;
  std::mutex mutex_;
  std::set<db::organization_id> running_;
};

} // namespace sluice::http
