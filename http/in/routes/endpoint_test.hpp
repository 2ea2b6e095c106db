#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `POST /api/endpoints/{id}/test`: sends the endpoint an event of type
/// `sluice.test` now, whatever its state and the types it wants, and tells what
/// came of it. It is not stored, not tried again, and counts for nothing. 409
/// `test-running` while another test of the organization runs, or too many.
answer test_endpoint(service &shared, tenant_call &call);

} // namespace sluice::http
