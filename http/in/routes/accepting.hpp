#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "actors/gateway.hpp"
#include "db/model/error.hpp"
#include "db/model/event.hpp"
#include "http/in/event_body.hpp"
#include "http/in/problem.hpp"

/// The steps that one event and a batch of them have in common.
namespace sluice::http {

/// The value of `Idempotency-Key`, nothing without one. 422 unless it is 1 to
/// 255 printable ASCII characters, 400 when it came twice.
tl::expected<std::optional<std::string_view>, problem>
idempotency_key(const request &in);

/// The event that a body asks for, under a fresh id. Its own `dedup_id` makes
/// it a repeat, or else `request_key`.
db::new_event make_event(db::organization_id owner, event_body body,
                         std::optional<std::string> request_key);

/// An event that was taken.
struct taken {
  db::event_id id;
  /// In the log (201) rather than in the queue (202).
  bool is_created = false;

  int status() const { return is_created ? 201 : 202; }
};

/// How an accepted event is told, or why it was refused. `is_replay` when the
/// request has an `Idempotency-Key`: a repeat then gets the first event's id
/// as if it were new, taken as events are taken now: in the log if `is_sync`.
tl::expected<taken, problem>
judge(const db::result<db::accept_outcome> &outcome, db::event_id own,
      bool is_replay, bool is_sync);

/// Why events are not taken at present, before anything is read or written:
/// 503 `ingest-rejected` or `queue-full`, with `Retry-After`.
std::optional<problem> refusal_of(const actors::intake_state &intake);

} // namespace sluice::http
