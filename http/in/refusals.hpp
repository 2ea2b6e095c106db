#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/model/error.hpp"
#include "db/model/ids.hpp"
#include "http/in/json_scan.hpp"
#include "http/in/problem.hpp"

/// The refusals that several routes share, each with its stable slug.
namespace sluice::http {

/// One field of a request that is wrong.
struct field_fault {
  /// A JSON pointer into the body (RFC 6901), or `query:NAME`, or
  /// `header:NAME`.
  std::string pointer;
  std::string detail;
};

/// 422; `slug` is `validation` or `unknown-member`. At least one fault.
problem invalid_fields(const std::vector<field_fault> &faults,
                       std::string_view slug = "validation");

/// 422 `validation` for one field.
problem invalid_field(std::string pointer, std::string detail);

/// 400 or 422 for a body that was scanned.
problem invalid_json(const json_fault &fault, const json_limits &limits = {});

/// 413 with the limit.
problem payload_too_large(std::size_t limit);

/// 404; the same for what does not exist and for what is another's.
problem no_such_event();

/// 503 `ingest-rejected`: an operator has stopped the intake of events.
problem ingest_rejected(std::chrono::seconds retry_after);

/// 503 `queue-full`: more events wait than the queue may hold.
problem queue_full(std::chrono::seconds retry_after);

/// 503 `queue-full`: so many of the organization's events wait already that
/// no more of them may; others' are taken.
problem share_used_up(std::chrono::seconds retry_after);

/// 503, or 422 where the store will never take the data. `id` is the event
/// that the failed call would have written; it goes out when the outcome is
/// not known, so that the client can look it up.
problem store_failure(const db::error &why,
                      std::optional<db::event_id> id = std::nullopt);

/// The same for a call that only looks, and could write nothing.
problem read_failure(const db::error &why);

} // namespace sluice::http
