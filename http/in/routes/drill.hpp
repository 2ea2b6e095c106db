#pragma once

#include "http/in/routes/admin.hpp"

/// Drills: `/admin/v1/drill`. A caller begins one and then looks at it until
/// its `state` is another than `under way`.
namespace sluice::http {

/// Begins one; 409 while another is under way, or the service is not well.
answer post_drill(service &shared, const request &in);

/// The newest drill's record, which grows while it is under way; 404 when
/// there is none.
answer get_drill(service &shared, const request &in);

/// The records of all, the newest first, `limit` at the most.
answer get_drills(service &shared, const request &in);

} // namespace sluice::http
