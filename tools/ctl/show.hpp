#pragma once

#include <string>

#include <nlohmann/json.hpp>

/// The service's answers as text for people: short, aligned, and safe to show.
/// Pure. Members that are missing show as `-`.
namespace sluice::tools {

using json = nlohmann::ordered_json;

/// `gate` is null where the dials could not be looked at.
std::string show_status(const json &health, const json &gate, bool has_colours);
/// What a change of the dials has led to.
std::string show_dials(const json &gate);
std::string show_actors(const json &answer);
std::string show_nodes(const json &answer);
std::string show_settings(const json &answer);
/// What a load of the settings' file has changed.
std::string show_reload(const json &answer);
std::string show_items(const json &answer);
std::string show_audit(const json &answer);
std::string show_ledger(const json &report);
std::string show_drain(const json &certificate);
/// The damage report: each line with what may be done about it.
std::string show_assessment(const json &answer);
/// What a recovery has done, or would do, and what it leaves.
std::string show_recovery(const json &answer);
/// Where an event is.
/// What a repair found, and did, or would do.
std::string show_repair(const json &answer, bool is_trial);
std::string show_item(const json &answer);
std::string show_endpoints(const json &answer);
/// What an order on items has done, or would do: `done` is the member that
/// counts them.
std::string show_order(const json &answer, const char *done);
/// What a change of settings would do to `key`.
std::string show_setting_trial(const json &answer, const std::string &key);
/// One line.
std::string show_drain_progress(const json &gate);
/// A problem document: one line for each thing that is wrong.
std::string show_problem(const json &problem);

} // namespace sluice::tools
