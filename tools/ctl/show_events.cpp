#include <algorithm>
#include <string>

#include "tools/ctl/sheet.hpp"
#include "tools/ctl/show.hpp"
#include "tools/ctl/text.hpp"

namespace sluice::tools {

namespace {

std::string outcome_of(const json &attempt) {
  if (!at(attempt, "error").is_null())
    return word(attempt, "error");
  return "answered " + word(attempt, "response_status");
}

/// A line for each delivery, and below it one for each of its attempts.
std::string deliveries_of(const json &answer) {
  lines table{{"DELIVERY TO", "STATUS", "ATTEMPT", "TOOK", "OUTCOME",
               "ANSWER BEGAN WITH"}};
  for (const auto &place : list_of(answer, "places"))
    for (const auto &one : list_of(place, "deliveries")) {
      table.push_back({word(one, "endpoint_id"), word(one, "status"),
                       word(one, "attempts"), "", word(one, "last_error"), ""});
      for (const auto &tried : list_of(one, "attempts_log"))
        table.push_back({"", "", word(tried, "attempted_at"),
                         word(tried, "duration_ms") + " ms", outcome_of(tried),
                         cut(word(tried, "response_head"), 40)});
    }
  return table.size() == 1 ? "" : aligned(table);
}

} // namespace

std::string show_item(const json &answer) {
  sheet out;
  out.add("id", word(answer, "id"));
  const auto add = [&out](const json &place, const char *label,
                          const char *name) {
    if (!at(place, name).is_null())
      out.add(label, word(place, name));
  };
  for (const auto &one : list_of(answer, "places")) {
    add(one, "status", "status");
    add(one, "of", "organization_id");
    add(one, "type", "type");
    add(one, "dedup id", "dedup_id");
    if (count_at(one, "attempts") > 0)
      add(one, "attempts", "attempts");
    add(one, "last error", "last_error");
    add(one, "accepted", "accepted_at");
    add(one, "due", "due_at");
    add(one, "claimed", "claimed_at");
    add(one, "claimed by", "claimed_by");
    add(one, "node", "holder");
    add(one, "stored", "stored_at");
    add(one, "discarded", "discarded_at");
    add(one, "by", "discarded_by");
    add(one, "reason", "reason");
    out.add("payload", word(one, "payload_bytes") + " bytes");
    add(one, "", "payload");
  }
  if (list_of(answer, "places").size() > 1)
    out.add("", "it is in more than one place",
            "  -> sluice ctl recover --dry-run, or, where that leaves it, "
            "ledger repair --dry-run");
  return out.text() + deliveries_of(answer);
}

std::string show_repair(const json &answer, bool is_trial) {
  const auto found = answer.value("found_before", json());
  if (is_true(found, "is_balanced"))
    return "there is nothing to repair\n" + show_ledger(found);
  const auto faults = list_of(found, "faults");
  const bool is_doubled =
      std::any_of(faults.begin(), faults.end(), [](const json &one) {
        return word(one, "fault") == "doubled";
      });
  return (is_trial ? "would be repaired:\n" : "before the repair:\n") +
         show_ledger(found) +
         (is_doubled ? "what is doubled stays in the log; other contents are "
                       "kept among the discarded, under an id of their own\n"
                     : "");
}

std::string show_endpoints(const json &answer) {
  lines table{{"ID", "STATE", "FAILING SINCE", "URL", "REASON"}};
  for (const auto &one : list_of(answer, "endpoints"))
    table.push_back({word(one, "id"), word(one, "state"),
                     word(one, "failing_since"), word(one, "url"),
                     word(one, "state_reason")});
  return aligned(table);
}

} // namespace sluice::tools
