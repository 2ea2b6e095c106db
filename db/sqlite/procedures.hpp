#pragma once

#include <string_view>
#include <vector>

#include "db/model/procedure.hpp"
#include "db/sqlite/connection.hpp"

/// Procedures inside a transaction; each does as the method of `store` that is
/// named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

bool begin_procedure(connection &database, const procedure &fresh,
                     const procedure_note &note, timestamp now);

bool save_procedure(connection &database, const procedure &changed,
                    const procedure_note &note, timestamp now);

std::vector<procedure> procedures(connection &database, std::string_view kind,
                                  int limit);

} // namespace sluice::db::sqlite
