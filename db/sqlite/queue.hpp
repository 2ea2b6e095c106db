#pragma once

#include <span>

#include "db/sqlite/connection.hpp"
#include "db/store.hpp"

/// What the queue's methods do inside a transaction; each does as the method
/// of `store` that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

claim claim_items(connection &database, const claim_request &request,
                  timestamp now);
fail_outcome fail_items(connection &database, claim_id fence,
                        std::span<const failure> failures, timestamp now);
int release(connection &database, claim_id fence,
            std::span<const event_id> ids);
rescue_outcome rescue(connection &database, const rescue_request &request,
                      timestamp now);
queue_depth depth(connection &database, const depth_request &request,
                  timestamp now);
backlogs count_backlogs(connection &database, long limit);

int enlist(connection &database, const node &self, timestamp now);
bool heartbeat(connection &database, node_id self, std::int64_t gate_version,
               timestamp now);
std::vector<node_view> nodes(connection &database, timestamp now);
int retire(connection &database, node_id self, timestamp now);

} // namespace sluice::db::sqlite
