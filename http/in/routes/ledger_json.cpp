#include "http/in/routes/ledger_json.hpp"

#include <string_view>

#include "http/in/problem.hpp"

namespace sluice::http {

namespace {

std::string to_json(const db::ledger_sums &sums) {
  const auto number = [](std::string_view name, std::int64_t value) {
    return '"' + std::string(name) + "\":" + std::to_string(value);
  };
  return '{' + number("accepted", sums.accepted) + ',' +
         number("adopted", sums.adopted) + ',' +
         number("written_off", sums.written_off) + ',' +
         number("stored", sums.stored) + ',' + number("waiting", sums.waiting) +
         ',' + number("discarded", sums.discarded) + '}';
}

} // namespace

std::string fault_json(const db::ledger_fault &one) {
  return "{\"fault\":\"" + std::string(to_string(one.what)) +
         "\",\"event_id\":\"" + one.id.to_string() +
         "\",\"organization_id\":\"" + one.owner.to_string() + "\"}";
}

std::string to_json(const db::ledger_report &report) {
  return std::string("{\"is_balanced\":") +
         (report.is_balanced() ? "true" : "false") + ",\"at\":\"" +
         db::to_rfc3339(report.at) +
         "\",\"position\":" + std::to_string(report.position) +
         ",\"sums\":" + to_json(report.sums) +
         ",\"fault_count\":" + std::to_string(report.fault_count) +
         ",\"faults\":" + json_list(report.faults, fault_json) + '}';
}

} // namespace sluice::http
