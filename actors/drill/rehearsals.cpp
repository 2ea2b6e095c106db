#include "actors/drill/rehearsals.hpp"

#include "actors/drill/delivery_drills.hpp"
#include "actors/drill/dial_drills.hpp"
#include "actors/drill/fault_drills.hpp"

namespace sluice::actors {

void rehearse(drill_stage &on) {
  switch (on.report().asked.kind) {
  case drill_kind::kill_worker:
    return rehearse_kill(on, "worker");
  case drill_kind::kill_poller:
    return rehearse_kill(on, "poller");
  case drill_kind::stuck_items:
    return rehearse_stuck_items(on);
  case drill_kind::db_outage:
    return rehearse_outage(on);
  case drill_kind::poison:
    return rehearse_poison(on);
  case drill_kind::sync_roundtrip:
    return rehearse_sync_roundtrip(on);
  case drill_kind::rollback:
    return rehearse_rollback(on);
  case drill_kind::slow_endpoint:
    return rehearse_slow_endpoint(on);
  }
}

std::optional<std::string> put_back(gateway &door, drill_faults &faults,
                                    const drill_report &report) {
  faults.clear();
  switch (report.asked.kind) {
  case drill_kind::sync_roundtrip:
    return put_back_ingest(door, report);
  case drill_kind::rollback:
    return put_back_rollback(door, report);
  case drill_kind::kill_worker:
  case drill_kind::kill_poller:
  case drill_kind::stuck_items:
  case drill_kind::db_outage:
  case drill_kind::poison:
  case drill_kind::slow_endpoint:
    break;
  }
  return std::nullopt;
}

} // namespace sluice::actors
