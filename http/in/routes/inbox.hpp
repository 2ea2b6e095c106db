#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `GET /api/inbox?status=&limit=&cursor=&offset=`: a page of the
/// organization's inbox, oldest first, payloads byte for byte as they came.
/// `pagination.next_cursor` is null on the last page.
answer get_inbox(service &shared, tenant_call &call);

} // namespace sluice::http
