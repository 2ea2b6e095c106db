#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "db/model/delivery.hpp"
#include "db/model/endpoint.hpp"
#include "db/model/time.hpp"

/// How actors send webhooks. `http/out` fulfils it; tests have their own.
namespace sluice::actors {

/// One attempt to bring one event to one endpoint.
struct webhook_request {
  /// The caller's own, returned with the answer.
  std::uint64_t token = 0;
  std::string url;
  std::vector<db::header_line> headers;
  /// Sealed, newest first; the request is signed with each.
  std::vector<std::string> secrets;
  /// `webhook-id`: the same for all attempts of an event.
  std::string id;
  std::string type;
  /// A JSON object; goes out byte by byte as it is.
  std::string payload;
  db::timestamp accepted_at{};
};

/// The request that brings this to the endpoint, signed with the secrets that
/// hold at `wall`.
webhook_request webhook_to(const db::endpoint &at,
                           const db::claimed_delivery &one, db::timestamp wall);

/// What came of it. Each request gets one, unless the port was closed before.
struct webhook_answer {
  enum class kind : std::uint8_t {
    /// With a status; `head` is what the answer began with.
    answered,
    /// It could not be reached, or did not answer in time, or as HTTP says.
    failed,
    /// Nothing was sent: its address is not allowed, or it can't be signed.
    refused,
  };
  std::uint64_t token = 0;
  kind what = kind::failed;
  int status = 0;
  /// One line, with nothing of the payload or the URL; empty when answered.
  std::string error;
  /// The beginning of the answer, at most 1 KiB.
  std::string head;
  /// What the answer's `Retry-After` says, if it does.
  std::optional<std::chrono::seconds> retry_after;
  /// When the attempt began, and how long it took.
  std::chrono::steady_clock::time_point begun_at{};
  std::chrono::microseconds duration{0};

  /// It was answered with a 2xx, as Standard Webhooks has it.
  bool has_arrived() const;
  /// Why it has not arrived, one line; empty when it has.
  std::string failure() const;
};

/// Sends requests, many at a time. Thread-safe. No call throws.
class webhook_port {
public:
  webhook_port() = default;
  webhook_port(const webhook_port &) = delete;
  webhook_port &operator=(const webhook_port &) = delete;
  /// Cuts off what is in flight, without answers. Takes no longer than a
  /// second.
  virtual ~webhook_port() = default;

  /// Begins to send; returns at once. How many are in flight is the caller's
  /// to bound.
  virtual void send(std::vector<webhook_request> requests) = 0;

  /// From now on by these settings.
  virtual void apply(const config::delivery_settings &settings) = 0;
};

/// Called with one answer or more, on the port's own thread. Must not throw,
/// and not wait.
using on_webhook_answers = std::function<void(std::vector<webhook_answer>)>;

/// Opens a port; called by whoever sends, and by each that follows it after a
/// crash. Null when there is no way to send.
using webhook_port_opener = std::function<std::unique_ptr<webhook_port>(
    const config::delivery_settings &settings, on_webhook_answers done)>;

} // namespace sluice::actors
