#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "actors/gateway.hpp"
#include "actors/webhook_port.hpp"
#include "config/load.hpp"
#include "config/settings.hpp"
#include "db/store.hpp"

namespace sluice::actors {

/// The actor system of one service, from its start to its end. The header
/// shows no CAF. Methods are thread-safe unless they say otherwise.
class runtime {
public:
  struct options {
    std::shared_ptr<db::store_source> source;
    db::node self;
    config::settings settings;
    /// What the settings were made of, so that they can be made anew. None:
    /// nothing but overrides changes them.
    std::optional<config::sources> sources{};
    /// How webhooks are sent; empty: they are not, and wait.
    webhook_port_opener open_webhook_port{};
    /// Called after the settings were changed, by whoever changed them. May be
    /// empty.
    std::function<void(const config::settings &)> on_settings{};
    /// Called once, from an actor's thread, when restarting parts does not
    /// help any more and the process should end.
    std::function<void()> on_escalation;
  };

  /// Starts the supervisor tree. Parts that can't reach the database yet try
  /// until they can.
  explicit runtime(const options &start);

  /// As `stop`, with a short grace.
  ~runtime();
  runtime(const runtime &) = delete;
  runtime &operator=(const runtime &) = delete;

  /// The way in for threads outside. Valid as long as the runtime.
  gateway &door();

  /// Stops the tree in order: intake, claims, workers, the rest. Returns
  /// whether it had ended before `grace` was over; what had not is cut off.
  /// Idempotent. One thread at a time.
  bool stop(std::chrono::milliseconds grace);

  /// Drills and tests: the child with this name (`ingest`, `ingest relief`,
  /// `poller`, `worker`, `dispatcher`, `gate`, `auditor`, `janitor`, `health`,
  /// `config_watcher`, `reader`) dies as if it had crashed. False when there is
  /// none of that name.
  bool crash(std::string_view child);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::actors
