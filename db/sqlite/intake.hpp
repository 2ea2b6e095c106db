#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "db/model/event.hpp"
#include "db/sqlite/connection.hpp"

/// What the intake does inside a transaction. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// Decides the keys and queues the events, or stores them, as the gate stands;
/// one outcome each, in order. Throws `refusal` (closed).
std::vector<accept_outcome> accept(connection &database,
                                   std::span<const new_event> events,
                                   std::chrono::seconds window, timestamp now);

/// What has to be known of a transaction to find out what became of it.
struct accept_doubt {
  /// Whose the first event is that it accepted.
  organization_id owner;
  std::vector<accept_outcome> outcomes;
};

/// True when the transaction was committed: one of the events that it
/// accepted is there, or it accepted none.
bool was_committed(connection &database, const accept_doubt &doubt);

/// The text of `error::doubt`, and back; nothing for a text that is not of
/// this form.
std::string write_doubt(std::span<const new_event> events,
                        const std::vector<accept_outcome> &outcomes);
std::optional<accept_doubt> read_doubt(std::string_view doubt);

} // namespace sluice::db::sqlite
