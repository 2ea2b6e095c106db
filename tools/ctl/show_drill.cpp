#include "tools/ctl/show_drill.hpp"

#include <vector>

#include "tools/ctl/sheet.hpp"

namespace sluice::tools {

namespace {

std::string recovery_text(const json &report) {
  const auto value = at(report, "recovery_ms");
  return value.is_number_integer() ? word(value) + " ms" : "-";
}

std::string events_text(const json &events) {
  return word(events, "accepted") + " accepted, " + word(events, "refused") +
         " refused, " + word(events, "doubtful") + " doubtful; " +
         word(events, "arrived") + " arrived, " + word(events, "lost") +
         " lost, " + word(events, "doubled") + " doubled, " +
         word(events, "strange") + " from nowhere";
}

void add_names(lines &out, const json &events, const char *list,
               const char *title) {
  for (const auto &one : list_of(events, list))
    out.push_back({title, word(one)});
}

} // namespace

std::string show_drill_verdict(const json &report) {
  auto out = word(report, "drill") + ": " + word(report, "state");
  if (at(report, "recovery_ms").is_number_integer())
    out += ", recovered in " + recovery_text(report);
  return escaped(out);
}

std::string show_drill(const json &report) {
  const auto events = at(report, "events");
  lines out{{"drill", word(report, "drill") + ": " + word(report, "state")},
            {"recovery", recovery_text(report)},
            {"id", word(report, "id")},
            {"by", word(report, "begun_by")},
            {"reason", word(report, "reason")},
            {"node", word(report, "node")},
            {"begun", word(report, "begun_at")},
            {"ended", word(report, "ended_at")},
            {"events", events_text(events)}};
  for (const auto &one : list_of(report, "reasons"))
    out.push_back({"failed", word(one)});
  add_names(out, events, "lost_ids", "lost");
  add_names(out, events, "doubled_ids", "doubled");
  add_names(out, events, "strange_ids", "from nowhere");
  const auto facts = at(report, "facts");
  for (const auto &[name, value] : facts.items())
    if (value.is_primitive())
      out.push_back({"fact", name + ": " + word(value)});
  for (const auto &one : list_of(report, "steps"))
    out.push_back({"step", word(one)});
  out.push_back({"cleaned up", word(report, "is_cleaned_up")});
  return aligned(out);
}

std::string show_drills(const json &all) {
  lines out{{"BEGUN", "DRILL", "VERDICT", "RECOVERY", "BY", "WHY"}};
  for (const auto &one : list_of(all, "drills")) {
    const auto reasons = list_of(one, "reasons");
    out.push_back({word(one, "begun_at"), word(one, "drill"),
                   word(one, "state"), recovery_text(one),
                   word(one, "begun_by"),
                   reasons.empty() ? "-" : word(reasons.front())});
  }
  return out.size() == 1 ? "there was no drill\n" : aligned(out);
}

} // namespace sluice::tools
