#pragma once

#include <optional>

#include "db/model/gate.hpp"
#include "db/sqlite/connection.hpp"

/// The gate inside a transaction: where the dials stand, and what turns them.
/// It lives in `control`, a row for each value, which people can read; a row
/// that is missing, or that nobody understands, stands for the default.
/// Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// How events come in; one look at an index.
ingest_mode read_ingest_mode(connection &database);

/// Whether there are no new claims; one look at an index.
bool is_claiming_paused(connection &database);

/// Whether no webhooks are sent; one look at an index.
bool is_delivery_paused(connection &database);

gate_state read_gate(connection &database, timestamp now);

/// The drain that was finished last.
std::optional<drain_certificate> last_drain(connection &database);

/// Where the drain began of which the beginning is kept.
std::optional<std::int64_t> drain_position(connection &database);

/// As the methods of `store` of these names.
std::optional<gate_state> change_gate(connection &database,
                                      const gate_change &change, timestamp now);
std::optional<drain_certificate> finish_drain(connection &database,
                                              timestamp now);

} // namespace sluice::db::sqlite
