#pragma once

#include "http/in/routes/admin.hpp"

/// What operators look at: items of the queue, and who did what.
namespace sluice::http {

/// `GET /admin/v1/queue` `?status&organization_id&older_than&after&limit`:
/// items in the order of their ids, without their payloads. `older_than` is in
/// seconds; `after` is the id that the last page ended with.
answer get_queue(service &shared, const request &in);

/// `GET /admin/v1/queue/{id}` `?payload`: where one event is, whoever's and
/// wherever, with its deliveries; 404 when it is nowhere. `payload` is `true`
/// or `false`.
answer get_item(service &shared, const request &in);

/// `GET /admin/v1/endpoints` `?organization_id`: an organization's endpoints.
answer get_endpoints_of(service &shared, const request &in);

/// `GET /admin/v1/audit` `?before&limit`: the audit log, newest entry first.
answer get_audit(service &shared, const request &in);

/// An item as lists show it.
std::string item_json(const db::item_view &item);

} // namespace sluice::http
