#include <algorithm>
#include <cmath>

#include "tools/ctl/json_words.hpp"
#include "tools/ctl/show_rollback.hpp"
#include "tools/doctor/judge.hpp"
#include "tools/doctor/words.hpp"

namespace sluice::tools {

namespace {

bool has_service(const json &facts) {
  return at(facts, "service.health").is_object();
}

/// Of a level as the service names it.
severity severity_of(const std::string &level) {
  if (level == "normal" || level == "ok")
    return severity::ok;
  return level == "warning" ? severity::warning : severity::critical;
}

finding judge_absence(const json &facts) {
  const auto holder = number_at(facts, "store.sqlite.holder");
  const auto beside = holder > 0
                          ? "; process " + std::to_string(std::lround(holder)) +
                                " works on the store"
                          : std::string();
  if (is_true(facts, "admin_is_off"))
    return {severity::warning, "service",
            "admin.listen is off, so it can't be asked" + beside,
            "sluice config show"};
  return {severity::critical, "service",
          "no answer: " + word(facts, "service.trouble") + beside,
          holder > 0 ? "sluice config show" : "sluice serve"};
}

finding judge_presence(const json &facts) {
  finding out{.name = "service",
              .found = word(facts, "service.health.node") + ", version " +
                       word(facts, "service.health.version")};
  const auto uptime = at(facts, "service.diagnosis.process.uptime_seconds");
  if (uptime.is_number())
    out.found += ", up for " + span_text(uptime.get<double>());
  if (word(facts, "service.health.status") == "unavailable") {
    out.how = severity::critical;
    out.found += "; it takes no events now";
    out.next = "sluice ctl status";
  }
  return out;
}

/// Whether a rollback has put it where it stands.
bool is_held(const json &rollback, std::string_view dial) {
  return std::ranges::any_of(
      list_of(rollback, "dials"),
      [dial](const json &one) { return word(one) == dial; });
}

/// ", by ada: the queue is full"; of the last change of the dials.
std::string blame_text(const json &gate) {
  if (!at(gate, "changed_by").is_string() || word(gate, "changed_by").empty())
    return {};
  const auto reason = at(gate, "reason");
  const bool has_reason = reason.is_string() && !word(reason).empty();
  return ", by " + word(gate, "changed_by") +
         (has_reason ? ": " + word(reason) : "");
}

/// What single dials would undo by halves. False: there is no such rollback.
bool judge_rollback(const json &rollback, finding &out) {
  const bool is_under_way = at(rollback, "state") == "under way";
  if (!is_under_way && !is_held(rollback, "ingest") &&
      !is_held(rollback, "processing"))
    return false;
  const auto target = word(rollback, "target");
  const auto reason = at(rollback, "reason");
  out.how = std::max(out.how, severity::warning);
  out.found += "; " +
               (target == "undo" ? std::string("an undo of a rollback")
                                 : "the rollback to " + target) +
               (is_under_way ? " is under way" : " is in force") + ", by " +
               word(rollback, "begun_by") +
               (reason.is_string() ? ": " + word(reason) : "");
  out.next = rollback_command(rollback);
  return true;
}

finding judge_dials(const json &facts) {
  const auto intake = word(facts, "service.health.mode");
  const auto processing = word(facts, "service.health.processing");
  finding out{.name = "dials",
              .found = "intake " + intake + ", processing " + processing};
  if (intake != "async") {
    out.how = intake == "reject" ? severity::critical : severity::warning;
    out.next = "sluice ctl mode async";
  }
  // What comes into a queue from which nothing is taken stays there: this
  // dial goes first.
  if (processing != "running") {
    out.how = std::max(out.how, severity::warning);
    out.next = "sluice ctl resume processing";
  }
  if (!judge_rollback(at(facts, "service.gate.rollback"), out) &&
      out.how != severity::ok)
    out.found += blame_text(at(facts, "service.gate"));
  return out;
}

/// The queue, from the service's own sample or else from the tables.
struct queue_view {
  explicit queue_view(const json &facts) {
    const bool is_sampled = has_service(facts);
    const json queue = is_sampled ? at(facts, "service.health.queue")
                                  : at(facts, "store.tables.queue");
    is_known = queue.is_object();
    pending = number_at(queue, "pending");
    quarantined = number_at(queue, "quarantined");
    stuck = is_sampled ? number_at(facts, "service.health.stuck.count")
                       : number_at(queue, "stuck");
    text = word(queue, "pending") + " pending, " + word(queue, "processing") +
           " processing" + (at(queue, "exact") == false ? " or more" : "");
    if (at(queue, "oldest_pending_seconds").is_number())
      text += "; the oldest for " +
              span_text(number_at(queue, "oldest_pending_seconds"));
    level = word(queue, "level");
  }

  bool is_known = false;
  double pending = 0;
  double quarantined = 0;
  double stuck = 0;
  std::string text;
  /// `-`: nobody has judged it yet.
  std::string level;
};

finding judge_depth(const json &facts, const queue_view &queue) {
  finding out{.name = "queue", .found = queue.text};
  if (queue.level != "-") {
    out.how = severity_of(queue.level);
  } else if (queue.pending > number_at(facts, "levels.critical_depth")) {
    out.how = severity::critical;
  } else if (queue.pending > number_at(facts, "levels.warning_depth")) {
    out.how = severity::warning;
  }
  if (out.how != severity::ok)
    out.next = has_service(facts) ? "sluice ctl top" : "sluice serve";
  return out;
}

finding judge_stuck(const queue_view &queue) {
  finding out{.name = "stuck items",
              .found = word(json(static_cast<long>(queue.stuck)))};
  if (queue.stuck > 0) {
    out.how = severity::warning;
    out.next = "sluice ctl cleanup";
  }
  return out;
}

finding judge_quarantine(const json &facts, const queue_view &queue) {
  finding out{.name = "quarantine",
              .found = word(json(static_cast<long>(queue.quarantined)))};
  const auto fresh = at(facts, "service.diagnosis.quarantined");
  if (fresh.is_number())
    out.found +=
        "; " + word(fresh) + " were sent there since this node started";
  if (queue.quarantined > 0) {
    out.how = severity::warning;
    out.next = "sluice ctl queue list --status quarantined";
  }
  return out;
}

finding judge_rates(const json &facts) {
  finding out{.how = severity_of(word(facts, "service.health.rates.level")),
              .name = "rates",
              .found = "last minute " +
                       word(facts, "service.health.rates.accepted_per_minute") +
                       " accepted, " +
                       word(facts, "service.health.rates.stored_per_minute") +
                       " stored"};
  if (out.how != severity::ok)
    out.next = "sluice ctl top";
  return out;
}

finding judge_parts(const json &facts) {
  finding out{.name = "parts",
              .found = counted(at(facts, "service.health.restarts_last_hour"),
                               "restart") +
                       " in the last hour"};
  if (number_at(facts, "service.health.restarts_last_hour") > 0)
    out.how = severity::warning;
  const json actors = at(facts, "service.actors");
  for (const auto &one : list_of(actors, "actors")) {
    if (word(one, "state") != "running")
      out.how = severity::critical;
    else if (!at(one, "last_error").is_string())
      continue;
    out.found += "; " + word(one, "name") + " (" + word(one, "state") +
                 "): " + word(one, "last_error");
  }
  if (out.how != severity::ok)
    out.next = "sluice ctl actors";
  return out;
}

/// No more is known yet than whether it is on.
finding judge_delivery(const json &facts) {
  finding out{.name = "delivery",
              .found =
                  "its dial is at " + word(facts, "service.health.delivery")};
  if (word(facts, "service.health.delivery") != "running") {
    const json rollback = at(facts, "service.gate.rollback");
    out.how = severity::warning;
    out.next = is_held(rollback, "delivery") ? rollback_command(rollback)
                                             : "sluice ctl resume delivery";
  }
  return out;
}

} // namespace

findings judge_service(const json &facts) {
  findings out;
  const bool is_there = has_service(facts);
  out.push_back(is_there ? judge_presence(facts) : judge_absence(facts));
  if (is_there)
    out.push_back(judge_dials(facts));
  const queue_view queue(facts);
  if (queue.is_known) {
    out.push_back(judge_depth(facts, queue));
    out.push_back(judge_stuck(queue));
    out.push_back(judge_quarantine(facts, queue));
  }
  if (is_there) {
    out.push_back(judge_rates(facts));
    out.push_back(judge_parts(facts));
    out.push_back(judge_delivery(facts));
  }
  return out;
}

} // namespace sluice::tools
