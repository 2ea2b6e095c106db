#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "db/model/gate.hpp"

/// The gate as it stands in `control`: one row per key, in text that an
/// operator can read, the same in every store. Pure functions.
namespace sluice::db {

/// The rows of `control` whose keys begin with `gate.`: key and value.
using gate_rows = std::map<std::string, std::string, std::less<>>;

/// What a certificate needs of a drain's beginning.
struct drain_beginning {
  timestamp at{};
  /// `ledger.seq` of the newest entry.
  std::int64_t position = 0;
  /// Pending and processing.
  std::int64_t waiting = 0;
  std::int64_t quarantined = 0;
};

/// What a certificate needs of its end.
struct drain_ending {
  timestamp at{};
  /// `ledger.seq` of the newest entry.
  std::int64_t position = 0;
  std::int64_t quarantined = 0;
  /// Counts of the ledger's entries since the beginning, by their kind.
  std::map<std::string, std::int64_t, std::less<>> booked;
};

/// Where the dials stand. What is missing or can't be read is as in a new
/// store.
gate_state read_gate(const gate_rows &rows, timestamp now);
/// Puts the dials in the place of those in `rows`; other rows stay, but not a
/// drain's beginning when there is no drain any more.
void write_gate(gate_rows &rows, const gate_state &state);

std::optional<drain_beginning> read_drain_beginning(const gate_rows &rows);
void write_drain_beginning(gate_rows &rows, const drain_beginning &begun);
/// Where the drain of which the beginning is kept began: the newest position
/// of the ledger then, or 0 when that can't be read.
std::optional<std::int64_t> drain_position(const gate_rows &rows);
std::optional<drain_certificate> read_last_drain(const gate_rows &rows);
void write_last_drain(gate_rows &rows, const drain_certificate &done);

/// The state after a change; nothing when `change` expects another version.
std::optional<gate_state> after_change(const gate_state &before,
                                       const gate_change &change,
                                       timestamp now);
/// What a drain proves that has left nothing waiting: each item that did has
/// gone into the log, was taken away, or is in quarantine. What came into
/// quarantine is what is there at the end and what left it, less what was there
/// at the beginning.
drain_certificate certify(const drain_beginning &begun,
                          const drain_ending &ended);
/// The state after a drain that is finished now.
gate_state after_drain(const gate_state &before, timestamp now);

/// For `audit_log`, in one line: what a change names, a whole state, a
/// certificate.
std::string describe(const gate_change &change);
std::string describe(const gate_state &state);
std::string describe(const drain_certificate &done);

} // namespace sluice::db
