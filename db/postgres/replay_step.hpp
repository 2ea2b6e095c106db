#pragma once

#include <optional>
#include <string>

#include <pqxx/nontransaction>

#include "db/model/delivery.hpp"

namespace sluice::db::postgres {

/// As `store::replay_deliveries`, inside a transaction. Throws as libpqxx does.
replay_outcome replay_some(pqxx::nontransaction &transaction,
                           const replay_order &order,
                           const std::optional<std::string> &now);

} // namespace sluice::db::postgres
