#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

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

/// How an accepted event is told: its id, or why it was refused. `is_replay`
/// when the request has an `Idempotency-Key`: a repeat then gets the first
/// event's id as if it were new.
tl::expected<db::event_id, problem>
judge(const db::result<db::accept_outcome> &outcome, db::event_id own,
      bool is_replay);

} // namespace sluice::http
