#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "db/model/time.hpp"

namespace sluice::db {

/// How events come in.
enum class ingest_mode : std::uint8_t {
  /// Through the queue; answered 202.
  async,
  /// Into the log, within the accepting transaction; answered 201.
  sync,
  /// Not at all; answered 503, and nothing is written.
  reject,
};

/// Whether queue items are claimed.
enum class processing_mode : std::uint8_t {
  running,
  /// Claims that exist are finished; there are no new ones.
  paused,
  /// As running, and becomes `drained` once nothing is pending or processing.
  draining,
  /// As paused; the queue was empty when it began.
  drained,
};

/// Whether webhooks are sent.
enum class delivery_mode : std::uint8_t { running, paused };

/// As stored in `control` and shown to people.
std::string_view to_string(ingest_mode mode);
std::string_view to_string(processing_mode mode);
std::string_view to_string(delivery_mode mode);
std::optional<ingest_mode> parse_ingest_mode(std::string_view text);
std::optional<processing_mode> parse_processing_mode(std::string_view text);
std::optional<delivery_mode> parse_delivery_mode(std::string_view text);

/// Where the dials stand. A new store has them as they are here.
struct gate_state {
  /// Grows by one with each change.
  std::int64_t version = 0;
  ingest_mode ingest = ingest_mode::async;
  processing_mode processing = processing_mode::running;
  delivery_mode delivery = delivery_mode::running;
  /// What clients are told to wait while `ingest` is `reject`.
  std::chrono::seconds retry_after{30};
  /// When all dials go back to where a new store has them; none: never.
  std::optional<timestamp> resume_at;
  /// When a drain is given up and `processing` goes back to `running`; only
  /// while `draining`.
  std::optional<timestamp> drain_until;
  /// Who changed it last, why and when; empty as long as nobody did.
  std::string changed_by;
  std::string reason;
  timestamp changed_at{};
  /// Whether `resume_at` or `drain_until` have passed, by the database's clock.
  bool is_resume_due = false;
  bool is_drain_overdue = false;
  /// As `setting_overrides::version`: who looks at the gate notices that
  /// settings have changed. Only `store::gate` tells it.
  std::int64_t settings_version = 0;
};

/// What is to become of the dials; what is not named stays.
struct gate_change {
  std::optional<ingest_mode> ingest{};
  /// Not `drained`: that is what `store::finish_drain` is for.
  std::optional<processing_mode> processing{};
  std::optional<delivery_mode> delivery{};
  std::optional<std::chrono::seconds> retry_after{};
  /// Counted from now. None: the dials stay until they are changed again,
  /// whatever an earlier change said.
  std::optional<std::chrono::milliseconds> resume_after{};
  /// With `draining`, counted from now. None: without a limit.
  std::optional<std::chrono::milliseconds> drain_within{};
  /// The change is made only while this is the version.
  std::optional<std::int64_t> expected_version{};
  /// Who and why, for `audit_log`; one line each.
  std::string actor{};
  std::string reason{};
};

/// What a finished drain proves: no item was left, and where each went.
/// waiting_before + accepted + requeued
///   = stored + discarded + newly_quarantined, counted in (from, to].
/// Items in quarantine don't wait: what is discarded there stands on neither
/// side, and an item that goes there and comes back stands on both.
struct drain_certificate {
  timestamp begun_at{};
  timestamp ended_at{};
  /// Positions in the ledger: `ledger.seq`.
  std::int64_t from = 0;
  std::int64_t to = 0;
  /// Items that were pending or processing when it began.
  std::int64_t waiting_before = 0;
  /// Into the queue while it lasted.
  std::int64_t accepted = 0;
  std::int64_t requeued = 0;
  /// From the queue into the log while it lasted.
  std::int64_t stored = 0;
  /// From those that waited, also by a repair that found them elsewhere.
  std::int64_t discarded = 0;
  /// What came to quarantine: the difference of its counts, and what left it.
  std::int64_t newly_quarantined = 0;
  /// All that are in quarantine at its end; they don't count as waiting.
  std::int64_t quarantined = 0;

  bool is_balanced() const {
    return waiting_before + accepted + requeued ==
           stored + discarded + newly_quarantined;
  }
};

} // namespace sluice::db
