#pragma once

#include <string_view>

#include "tools/doctor/finding.hpp"

/// What the checklist makes of what was found. Pure. All of it reads one
/// document:
///
///     {"service": {"address", "trouble", "health", "gate", "settings",
///                  "actors", "nodes", "diagnosis", "clock_ahead_ms",
///                  "cores_busy"},
///      "admin_is_off": false, "own_version": "0.1.0", "openssl": "3.0.17",
///      "store", "store_error", "disk",          as GET /admin/v1/diagnosis
///      "levels": {"warning_depth", "critical_depth"},
///      "settings_faults": ["..."], "dead_after_ms": 10000,
///      "certificates": {"folder", "fault", "files": [{"file", "days_left",
///                       "mode", "is_key", "fault"}]}}
///
/// `service.health` is null when no service answered; all else may be null or
/// missing as well, and is then not judged, or told to be unknown.
namespace sluice::tools {

/// `today` is `2026-01-31`.
findings judge(const json &facts, std::string_view today);

/// Its parts.
findings judge_service(const json &facts);
findings judge_settings(const json &facts);
findings judge_store(const json &facts, std::string_view today);
findings judge_surroundings(const json &facts, std::string_view today);

} // namespace sluice::tools
