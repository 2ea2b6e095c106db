#pragma once

/// The statements of what one node does for all. Times are parameters.
namespace sluice::db::sqlite::sql {

// -- duties ------------------------------------------------------------------

/// Whether the node ?2 and the holder of the duty ?1 have a heartbeat since
/// ?3, and whether they are the same.
inline constexpr char look_at_duty[] =
    "SELECT EXISTS (SELECT 1 FROM nodes WHERE id = ?2 AND heartbeat_at >= ?3),"
    " EXISTS (SELECT 1 FROM control c JOIN nodes n ON n.id = c.value"
    "  WHERE c.key = ?1 AND n.heartbeat_at >= ?3),"
    " EXISTS (SELECT 1 FROM control WHERE key = ?1 AND value = ?2)";
inline constexpr char put_control[] =
    "INSERT INTO control (key, value, version, updated_at)"
    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE SET"
    " value = excluded.value, version = excluded.version,"
    " updated_at = excluded.updated_at WHERE version <= excluded.version";
inline constexpr char dated_control[] =
    "SELECT value, updated_at FROM control WHERE key = ?1";

// -- folding -----------------------------------------------------------------

inline constexpr char entries_to_fold[] =
    "SELECT seq, kind, count, at < ?3 FROM ledger"
    " WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?4";
#define SLUICE_WHOLE_ENTRY                                                     \
  "SELECT seq, at, kind, count, organization_id, ids, settled,"                \
  " coalesce(first_seq, seq) FROM ledger"
inline constexpr char whole_entries[] =
    SLUICE_WHOLE_ENTRY " WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
inline constexpr char whole_entry[] = SLUICE_WHOLE_ENTRY " WHERE seq = ?1";
#undef SLUICE_WHOLE_ENTRY
// What follows reads nothing but the index `ledger_folded`: in the rows these
// columns stand behind the ids.
inline constexpr char neighbours[] =
    "SELECT seq, count - settled FROM ledger"
    " WHERE organization_id = ?1 AND kind = ?2 AND seq <= ?3"
    " AND first_seq IS NOT NULL ORDER BY seq DESC LIMIT ?4";
inline constexpr char ranges_of_ids[] =
    "SELECT seq, first_id, last_id FROM ledger"
    " WHERE organization_id = ?1 AND kind = ?2 AND seq <= ?3"
    " AND first_seq IS NOT NULL ORDER BY seq DESC";
inline constexpr char write_folded[] =
    "UPDATE ledger SET at = ?2, node = NULL, count = ?3, ids = ?4,"
    " settled = ?5, first_seq = ?6, first_id = ?7, last_id = ?8"
    " WHERE seq = ?1";
inline constexpr char drop_entry[] = "DELETE FROM ledger WHERE seq = ?1";

} // namespace sluice::db::sqlite::sql
