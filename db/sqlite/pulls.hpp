#pragma once

#include "db/sqlite/connection.hpp"
#include "db/store.hpp"

/// What the methods of `pull_store` do inside a transaction; each does as the
/// one that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

pull_claim claim_pulls(connection &database, const pull_request &request,
                       timestamp now);
pull_answer change_pulls(connection &database, const pull_order &order,
                         timestamp now);
log_page read_log(connection &database, const log_query &query);

} // namespace sluice::db::sqlite
