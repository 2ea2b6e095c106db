#pragma once

#include <optional>
#include <span>
#include <vector>

#include "db/model/delivery.hpp"
#include "db/sqlite/connection.hpp"

/// Webhooks inside a transaction; each does as the method of `store` that is
/// named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

bool create_endpoint(connection &database, const endpoint &fresh, int most,
                     timestamp now);
std::vector<endpoint> endpoints(connection &database, organization_id owner);
std::optional<endpoint> find_endpoint(connection &database,
                                      organization_id owner, endpoint_id id);
std::vector<endpoint> active_endpoints(connection &database);
bool save_endpoint(connection &database, const endpoint &changed,
                   timestamp now);
bool remove_endpoint(connection &database, organization_id owner,
                     endpoint_id id, timestamp now);
int note_endpoints(connection &database, std::span<const endpoint_note> notes,
                   timestamp now);

} // namespace sluice::db::sqlite
