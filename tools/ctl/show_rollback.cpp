#include "tools/ctl/show_rollback.hpp"

#include <string>
#include <vector>

#include "tools/ctl/lasting.hpp"
#include "tools/ctl/sheet.hpp"

namespace sluice::tools {

namespace {

std::string seconds_text(const json &seconds) {
  return seconds.is_number() ? lasting_text(seconds.get<double>())
                             : "not known";
}

std::string dials_text(const json &dials) {
  auto out = "ingest " + word(dials, "ingest") + ", processing " +
             word(dials, "processing") + ", delivery " +
             word(dials, "delivery");
  if (at(dials, "ingest") == "reject")
    out += ", retry after " + word(dials, "retry_after") + " s";
  return out;
}

std::string counts_text(const json &queue) {
  return word(queue, "pending") + " pending, " + word(queue, "processing") +
         " processing, " + word(queue, "quarantined") + " quarantined";
}

std::string books_text(const json &books) {
  if (!books.is_object())
    return "books not checked";
  return (at(books, "is_balanced") == true
              ? std::string("books balanced")
              : "books don't balance, " +
                    counted(at(books, "fault_count"), "fault")) +
         " at " + word(books, "position");
}

std::string turn_text(const json &facts) {
  const auto behind = list_of(facts, "nodes_behind");
  return dials_text(at(facts, "dials")) + "; " +
         (behind.empty()
              ? std::string("all nodes act by it")
              : counted(behind.size(), "node") + " had not noticed yet");
}

std::string drain_text(const json &facts) {
  const auto proof = at(facts, "certificate");
  if (!proof.is_object()) {
    const auto progress = at(facts, "progress");
    auto out = word(progress, "left") + " left";
    if (at(progress, "seconds_left").is_number())
      out += ", some " + seconds_text(at(progress, "seconds_left"));
    return out;
  }
  return word(proof, "waiting_before") + " waited, " + word(proof, "accepted") +
         " came, " + word(proof, "stored") + " stored, " +
         word(proof, "discarded") + " discarded, " +
         word(proof, "newly_quarantined") + " quarantined; " +
         (at(proof, "is_balanced") == true ? "balanced" : "does not balance");
}

/// What a step has come to.
std::string facts_text(const json &step) {
  const auto facts = at(step, "facts");
  const auto name = at(step, "step");
  if (at(step, "begun_at").is_null())
    return "not begun";
  if (name == "turn")
    return turn_text(facts);
  if (name == "drain")
    return drain_text(facts);
  return counts_text(at(facts, "queue")) + "; " +
         books_text(at(facts, "books"));
}

std::string title_of(const json &run) {
  const auto target = word(run, "target");
  return target == "undo" ? "undo of the rollback" : "rollback to " + target;
}

std::string verdict_of(const json &run) {
  if (at(run, "state") != "done")
    return word(run, "state");
  return at(run, "is_proven") == true ? "done, and proven"
                                      : "done, and NOT proven";
}

} // namespace

std::string show_plan(const json &plan) {
  lines table{{"STEP", "DOES", "TAKES", "OTHERS NOTICE"}};
  for (const auto &one : list_of(plan, "steps"))
    table.push_back({word(one, "step"), word(one, "does"),
                     seconds_text(at(one, "seconds")),
                     word(one, "others_notice")});
  lines facts{{"now", dials_text(at(plan, "dials_now"))},
              {"then", dials_text(at(plan, "dials_wanted"))},
              {"queue", counts_text(at(plan, "queue"))},
              {"rate", word(plan, "stored_per_minute") + " stored, " +
                           word(plan, "accepted_per_minute") +
                           " accepted in a minute"}};
  for (const auto &one : list_of(plan, "warnings"))
    facts.push_back({"mind", one.is_string() ? one.get<std::string>() : "-"});
  if (at(plan, "open").is_object())
    facts.push_back({"open", title_of(plan["open"]) + " by " +
                                 word(plan["open"], "begun_by") +
                                 " is under way"});
  return aligned(facts) + aligned(table);
}

std::string show_report(const json &run) {
  lines out{{"rollback", title_of(run) + ": " + verdict_of(run)},
            {"id", word(run, "id")},
            {"by", word(run, "begun_by")},
            {"reason", word(run, "reason")},
            {"begun", word(run, "begun_at")},
            {"ended", word(run, "ended_at")},
            {"before", dials_text(at(run, "dials_before"))},
            {"wanted", dials_text(at(run, "dials_wanted"))}};
  for (const auto &one : list_of(run, "steps"))
    out.push_back({word(one, "step"), facts_text(one)});
  for (const auto &one : list_of(run, "open_points"))
    out.push_back(
        {"open point", one.is_string() ? one.get<std::string>() : "-"});
  for (const auto &one : list_of(run, "remarks"))
    out.push_back({"remark", one.is_string() ? one.get<std::string>() : "-"});
  return aligned(out);
}

std::string rollback_command(const json &rollback) {
  const auto target = word(rollback, "target");
  const bool leads_back =
      target == "undo" || at(rollback, "state") != "under way";
  return "sluice ctl rollback apply " +
         (leads_back ? std::string("--undo") : "--to " + target);
}

std::string show_standing(const json &rollback) {
  const auto target = word(rollback, "target");
  const auto reason = at(rollback, "reason");
  auto out = (target == "undo" ? target : "to " + target) + ", by " +
             word(rollback, "begun_by") +
             (reason.is_string() ? ": " + word(reason) : "");
  const auto command = rollback_command(rollback);
  if (at(rollback, "state") != "under way")
    return out + "; back: " + command;
  return out + "; under way, step " + word(rollback, "step") +
         "; go on: " + command + ", give up: sluice ctl rollback abort";
}

std::string show_step(const json &run) {
  for (const auto &one : list_of(run, "steps"))
    if (at(one, "is_done") != true)
      return escaped(word(one, "step") +
                     (at(one, "step") == "drain" && at(one, "attempts") != 0
                          ? ": " + drain_text(at(one, "facts"))
                          : ""));
  return "done";
}

} // namespace sluice::tools
