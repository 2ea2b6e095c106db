#pragma once

#include <span>
#include <vector>

#include "db/model/delivery.hpp"
#include "db/sqlite/connection.hpp"

/// Deliveries to webhooks inside a transaction; each does as the method of
/// `store` that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

delivery_claim claim_deliveries(connection &database,
                                const delivery_request &request, timestamp now);
record_outcome record_deliveries(connection &database,
                                 std::span<const delivery_result> results,
                                 timestamp now);
int rescue_deliveries(connection &database, const delivery_rescue &request,
                      timestamp now);
int skip_removed(connection &database, int limit, timestamp now);
std::vector<attempt_record> delivery_attempts(connection &database,
                                              organization_id owner,
                                              event_id event, int limit);
delivery_depth count_deliveries(connection &database, int limit);
replay_outcome replay_deliveries(connection &database,
                                 const replay_order &order, timestamp now);

/// Makes due again what others than this node were sending, and what it was.
void end_sending_of_others(connection &database, node_id self, timestamp now);
void end_sending_of_node(connection &database, node_id self, timestamp now);

} // namespace sluice::db::sqlite
