#include "tools/ctl/show.hpp"

#include <vector>

#include "tools/ctl/lasting.hpp"
#include "tools/ctl/sheet.hpp"
#include "tools/ctl/show_rollback.hpp"

namespace sluice::tools {

namespace {

/// Behind a line, what its level is, unless all is well.
std::string level_mark(const json &health, const char *path, bool has_colours) {
  const auto level = at(health, path);
  if (!level.is_string() || level == "normal")
    return {};
  const auto name = escaped(level.get<std::string>());
  return "  " + tinted(name, tint_of(name), has_colours);
}

/// "by ada: the queue is to be emptied".
std::string who_and_why(const json &gate) {
  auto out = "by " + word(gate, "changed_by");
  const auto reason = at(gate, "reason");
  if (reason.is_string() && !reason.get<std::string>().empty())
    out += ": " + reason.get<std::string>();
  return out;
}

void add_dials(sheet &to, const json &gate, const char *intake_name) {
  auto intake = word(gate, intake_name);
  if (intake == "reject")
    intake += ", retry after " + word(gate, "retry_after") + " s";
  to.add("intake", intake);
  to.add("processing", word(gate, "processing"));
  to.add("delivery", word(gate, "delivery"));
  if (at(gate, "resume_at").is_string())
    to.add("resumes at", word(gate, "resume_at") +
                             ": then all dials go back to intake async, "
                             "processing and delivery running");
  if (at(gate, "version").is_number() && at(gate, "version") != 0)
    to.add("changed", word(gate, "changed_at") + " " + who_and_why(gate));
  if (at(gate, "rollback").is_object())
    to.add("rollback", show_standing(at(gate, "rollback")));
}

/// "down: can't be written: the disk is full".
std::string database_text(const json &health) {
  auto out = word(health, "database");
  if (at(health, "database_error").is_string())
    out += ": " + word(health, "database_error");
  return out;
}

std::string queue_text(const json &health) {
  auto out = word(health, "queue.pending") + " pending, " +
             word(health, "queue.processing") + " processing, " +
             word(health, "queue.quarantined") + " quarantined";
  if (at(health, "queue.exact") == false)
    out += " or more";
  if (at(health, "queue.oldest_pending_seconds").is_number())
    out += "; the oldest for " + word(health, "queue.oldest_pending_seconds") +
           " s";
  return out;
}

} // namespace

std::string show_status(const json &health, const json &gate,
                        bool has_colours) {
  sheet out;
  const auto status = escaped(word(health, "status"));
  out.add("node", word(health, "node") + ", version " + word(health, "version"),
          "  " + tinted(status, tint_of(status), has_colours));
  out.add("database", database_text(health));
  add_dials(out, gate.is_null() ? health : gate,
            gate.is_null() ? "mode" : "ingest");
  out.add("queue", queue_text(health),
          level_mark(health, "queue.level", has_colours));
  out.add("stuck", word(health, "stuck.count"),
          level_mark(health, "stuck.level", has_colours));
  out.add("last minute",
          word(health, "rates.accepted_per_minute") + " accepted, " +
              word(health, "rates.stored_per_minute") + " stored",
          level_mark(health, "rates.level", has_colours));
  // A service that sends no webhooks yet knows of none.
  if (at(health, "deliveries").is_object())
    out.add("deliveries",
            word(health, "deliveries.pending") + " pending, " +
                word(health, "deliveries.sending") + " being sent, " +
                word(health, "deliveries.failing") + " failing, " +
                word(health, "deliveries.dead_letter") + " dead letters");
  out.add("ledger", ledger_word(at(health, "ledger.balanced")));
  out.add("restarts", word(health, "restarts_last_hour") + " in the last hour");
  return out.text();
}

std::string show_dials(const json &gate) {
  sheet out;
  add_dials(out, gate, "ingest");
  for (const auto &name : list_of(gate, "nodes_behind"))
    out.add("behind", word(name) + " has not noticed yet");
  if (!is_true(gate, "dry_run"))
    return out.text();
  sheet now;
  add_dials(now, at(gate, "before"), "ingest");
  return "now:\n" + now.text() + "would be:\n" + out.text();
}

std::string show_actors(const json &answer) {
  lines table{
      {"NAME", "STATE", "RESTART AS", "RESTARTS", "SINCE", "LAST ERROR"}};
  for (const auto &one : list_of(answer, "actors"))
    table.push_back({word(one, "name"), word(one, "state"),
                     word(one, "restart_as"), word(one, "restarts"),
                     word(one, "since"), word(one, "last_error")});
  return aligned(table);
}

std::string show_nodes(const json &answer) {
  lines table{{"NAME", "VERSION", "DIALS AT", "SILENT FOR", "ID"}};
  for (const auto &one : list_of(answer, "nodes"))
    table.push_back({word(one, "name"), word(one, "version"),
                     word(one, "gate_version"),
                     word(one, "silent_for_ms") + " ms", word(one, "id")});
  return aligned(table);
}

std::string show_settings(const json &answer) {
  lines table{{"KEY", "VALUE", "CHANGE", "FROM"}};
  for (const auto &one : list_of(answer, "settings"))
    table.push_back({word(one, "key"), word(one, "value"), word(one, "change"),
                     word(one, "source")});
  return aligned(table);
}

std::string show_reload(const json &answer) {
  lines table{{"KEY", "EFFECT", "BEFORE", "AFTER"}};
  for (const auto &one : list_of(answer, "changes"))
    table.push_back({word(one, "key"), word(one, "effect"), word(one, "before"),
                     word(one, "after")});
  return table.size() == 1 ? "nothing has changed\n" : aligned(table);
}

std::string show_items(const json &answer) {
  lines table{{"ID", "STATUS", "ATTEMPTS", "ACCEPTED", "TYPE", "ORGANIZATION",
               "LAST ERROR"}};
  for (const auto &one : list_of(answer, "items"))
    table.push_back({word(one, "id"), word(one, "status"),
                     word(one, "attempts"), word(one, "accepted_at"),
                     word(one, "type"), word(one, "organization_id"),
                     word(one, "last_error")});
  return aligned(table) + (at(answer, "next_after").is_string()
                               ? "there may be more; say a greater --limit\n"
                               : "");
}

std::string show_audit(const json &answer) {
  lines table{{"AT", "WHO", "WHAT", "TARGET", "WHY"}};
  for (const auto &one : list_of(answer, "entries"))
    table.push_back({word(one, "at"), word(one, "actor"), word(one, "action"),
                     word(one, "target"), word(one, "reason")});
  return aligned(table);
}

std::string show_ledger(const json &report) {
  sheet out;
  out.add("ledger", is_true(report, "is_balanced")
                        ? "balanced"
                        : "does not balance: " +
                              counted(at(report, "fault_count"), "fault"));
  out.add("accepted", word(report, "sums.accepted"));
  out.add("adopted", word(report, "sums.adopted"));
  out.add("written off", word(report, "sums.written_off"));
  out.add("stored", word(report, "sums.stored"));
  out.add("waiting", word(report, "sums.waiting"));
  out.add("discarded", word(report, "sums.discarded"));
  lines faults;
  for (const auto &one : list_of(report, "faults"))
    faults.push_back({word(one, "fault"), word(one, "event_id"),
                      "of " + word(one, "organization_id")});
  return out.text() + aligned(faults);
}

std::string show_drain(const json &certificate) {
  sheet out;
  out.add("drained", word(certificate, "begun_at") + " to " +
                         word(certificate, "ended_at"));
  out.add("waiting", word(certificate, "waiting_before") + " at the beginning");
  out.add("accepted", word(certificate, "accepted"));
  out.add("requeued", word(certificate, "requeued"));
  out.add("stored", word(certificate, "stored"));
  out.add("discarded", word(certificate, "discarded"));
  out.add("quarantined", word(certificate, "newly_quarantined") + " more, " +
                             word(certificate, "quarantined") + " in all");
  out.add("ledger",
          word(certificate, "from") + " to " + word(certificate, "to") +
              (is_true(certificate, "is_balanced") ? ", balanced"
                                                   : ", does not balance"));
  return out.text();
}

std::string show_drain_progress(const json &gate) {
  auto out = word(gate, "drain.left") + " left";
  if (at(gate, "drain.seconds_left").is_number())
    out += ", some " + lasting_text(number_at(gate, "drain.seconds_left"));
  return escaped(out);
}

std::string show_problem(const json &problem) {
  const auto &faults = list_of(problem, "errors");
  if (faults.empty())
    return escaped(word(problem, "error")) + '\n';
  std::string out;
  for (const auto &one : faults)
    out += escaped(word(one, "pointer") + ": " + word(one, "detail")) + '\n';
  return out;
}

} // namespace sluice::tools
