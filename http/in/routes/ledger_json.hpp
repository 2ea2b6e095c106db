#pragma once

#include <string>

#include "db/model/ledger.hpp"

/// The books as several routes show them.
namespace sluice::http {

std::string fault_json(const db::ledger_fault &one);
std::string to_json(const db::ledger_report &report);

} // namespace sluice::http
