#pragma once

#include <optional>
#include <string>
#include <vector>

#include <pqxx/nontransaction>

#include "db/model/depth.hpp"
#include "db/model/gate_rows.hpp"
#include "db/model/inspection.hpp"
#include "db/model/ledger.hpp"
#include "db/model/node.hpp"

/// What several methods of the store look at, inside a transaction of theirs.
/// `now` is the session's. Throws as libpqxx does.
namespace sluice::db::postgres {

/// What `control` says of the gate, and when it said so.
struct seen_gate {
  gate_rows rows;
  timestamp now{};
  std::int64_t settings_version = 0;

  gate_state state() const;
};
seen_gate look_at_gate(pqxx::nontransaction &transaction,
                       const std::optional<std::string> &now);

std::vector<node_view> look_at_nodes(pqxx::nontransaction &transaction,
                                     const std::optional<std::string> &now);

std::optional<ledger_verdict>
look_at_verdict(pqxx::nontransaction &transaction,
                const std::optional<std::string> &now);

queue_depth look_at_depth(pqxx::nontransaction &transaction,
                          const depth_request &request,
                          const std::optional<std::string> &now);

/// Reads a row: id, organization, type, status, attempts, last error, accepted
/// at, due at, claimed by, claimed at.
item_view read_item(const pqxx::row &row);

/// The books against the tables, and whose ids had to be looked at.
struct compared_books {
  ledger_report report;
  std::vector<organization_id> suspects;
};
/// Names up to `most` faults. Rests now and then, so that most of `limit` is
/// left for the work.
compared_books compare_books(pqxx::nontransaction &transaction, int most,
                             std::chrono::milliseconds limit,
                             const std::optional<std::string> &now);

} // namespace sluice::db::postgres
