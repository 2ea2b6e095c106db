#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "db/model/depth.hpp"
#include "db/model/gate.hpp"
#include "db/model/ledger.hpp"

/// What the records of procedures are written with, those of rollbacks and of
/// drills, and how answers to operators show the same things. Pure, but for
/// the clock.
namespace sluice::actors {

/// Keeps the order in which members are written: people read it.
using json = nlohmann::ordered_json;

/// In one line; what is no UTF-8 is replaced.
std::string to_text(const json &document);

json text_or_null(const std::string &text);
/// The reverse. Throws as the library does when there is no such member.
std::string text_at(const json &from, const char *name);

/// The sums, and the first faults by their ids.
json facts_of(const db::ledger_fault &one);
json facts_of(const db::ledger_report &books);
json facts_of(const db::queue_depth &queue);
json facts_of(const db::drain_certificate &proof);

/// RFC 3339, by this machine's clock.
std::string now_text();

std::string joined(const std::vector<std::string> &texts,
                   std::string_view between);

} // namespace sluice::actors
