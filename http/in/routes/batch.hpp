#pragma once

#include <cstddef>

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// Bytes of a batch's body: 64 of the largest payloads.
std::size_t batch_body_limit(const config::http_settings &settings);

/// `POST /api/events/batch`: takes 1 to 1000 events, an array or a line each
/// (empty lines are passed over). 202 when all were accepted, else 207; one
/// result per event, in order: `{"index","status":202,"id"}`, or
/// `{"index","status","error"}` with a problem. With an `Idempotency-Key`, an
/// event is a repeat of the event at the same place of the earlier batch.
/// A whole body that can't be read writes nothing.
answer post_batch(service &shared, tenant_call &call);

} // namespace sluice::http
