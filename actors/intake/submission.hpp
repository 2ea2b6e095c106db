#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <vector>

#include "actors/gateway.hpp"

namespace sluice::actors {

/// A client's events on their way to the ingest actor, with the promise that
/// the client waits for. Destroyed unanswered, it breaks the promise, and the
/// client learns at once that nobody will answer.
struct submission {
  std::vector<db::new_event> events;
  std::promise<db::result<accept_reply>> reply;
  /// When the client stops waiting.
  std::chrono::steady_clock::time_point deadline;
};

using submission_ptr = std::shared_ptr<submission>;

} // namespace sluice::actors
