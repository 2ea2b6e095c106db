#include <algorithm>
#include <string>
#include <string_view>

#include "tools/ctl/sheet.hpp"
#include "tools/ctl/show.hpp"
#include "tools/ctl/text.hpp"

namespace sluice::tools {

namespace {

/// Behind a line: what to do about it.
std::string next(std::string_view command) {
  return "  -> sluice ctl " + std::string(command);
}

std::string next_if(bool is_needed, std::string_view command) {
  return is_needed ? next(command) : "";
}

/// "2 things need you".
std::string verdict(const json &answer) {
  const auto count = static_cast<long>(list_of(answer, "findings").size());
  if (count == 0)
    return is_true(answer, "is_sound") ? "nothing is damaged" : "not known";
  return grouped(count) +
         (count == 1 ? " thing needs you" : " things need you");
}

std::string or_more(const json &answer, const char *path) {
  return at(answer, path) == false ? " or more" : "";
}

std::string dial_command(const json &answer) {
  // Events that come in and are not worked on would only pile up.
  if (at(answer, "dials.processing") != "running")
    return "resume processing";
  if (at(answer, "dials.ingest") != "async")
    return "mode async";
  if (at(answer, "dials.delivery") != "running")
    return "resume delivery";
  return {};
}

void add_dials(sheet &to, const json &answer) {
  const auto command = dial_command(answer);
  to.add("dials",
         "intake " + word(answer, "dials.ingest") + ", processing " +
             word(answer, "dials.processing") + ", delivery " +
             word(answer, "dials.delivery"),
         next_if(!command.empty(), command));
}

void add_queue(sheet &to, const json &answer) {
  auto text = word(answer, "queue.pending") + " pending, " +
              word(answer, "queue.processing") + " processing, " +
              word(answer, "queue.quarantined") + " quarantined" +
              or_more(answer, "queue.exact");
  const auto age = at(answer, "queue.oldest_pending_seconds");
  if (age.is_number())
    text += "; the oldest for " + word(age) + " s";
  constexpr double long_wait = 60;
  to.add("queue", text,
         next_if(age.is_number() && age.get<double>() > long_wait, "poll"));
}

void add_stuck(sheet &to, const json &answer) {
  const bool is_any = count_at(answer, "stuck.count") > 0;
  auto text = word(answer, "stuck.count");
  if (count_at(answer, "stuck.exhausted") > 0)
    text += ", " + word(answer, "stuck.exhausted") +
            " of them for quarantine: they failed too often";
  to.add("stuck", text, next_if(is_any, "recover --dry-run"));
  for (const auto &one : list_at(answer, "stuck.holders")) {
    const auto name = at(one, "name").is_string() ? word(one, "name")
                      : at(one, "claimed_by").is_string()
                          ? word(one, "claimed_by") + " (gone)"
                          : std::string("nobody");
    to.add("", word(one, "count") + " held by " + name + " since " +
                   word(one, "since"));
  }
  for (const auto &one : list_at(answer, "stuck.items"))
    to.add("", word(one, "id") + " since " + word(one, "claimed_at"),
           next("queue show " + escaped(word(one, "id"))));
}

void add_stored(sheet &to, const json &answer) {
  const bool waits = count_at(answer, "queue.pending") > 0 &&
                     count_at(answer, "stored.last_minute") == 0;
  to.add("stored",
         word(answer, "stored.last_minute") + " in the last minute, " +
             word(answer, "stored.last_hour") + " in the last hour" +
             or_more(answer, "stored.exact") + "; the last " +
             word(answer, "stored.newest_at"),
         next_if(waits, "actors"));
}

void add_doubled(sheet &to, const json &answer) {
  const auto count = at(answer, "in_log_already.count");
  if (!count.is_number()) {
    to.add("in log", "not looked for", next("assess"));
    return;
  }
  to.add("in log", word(count) + " items of the queue are in the log already",
         next_if(count != 0, "recover --dry-run"));
  constexpr int named = 5;
  int shown = 0;
  for (const auto &one : list_at(answer, "in_log_already.items")) {
    if (shown++ == named)
      break;
    to.add("",
           word(one, "id") +
               (is_true(one, "is_same") ? "" : " with another type or payload"),
           next("queue show " + escaped(word(one, "id"))));
  }
}

void add_errors(sheet &to, const char *label, const json &counts,
                std::string_view command) {
  to.add(label, word(counts, "count") + or_more(counts, "exact"),
         next_if(count_at(counts, "count") > 0, command));
  for (const auto &one : list_of(counts, "errors"))
    to.add("",
           word(one, "count") + " x " +
               (at(one, "error").is_string() ? word(one, "error")
                                             : "no error is noted"),
           next("queue show " + escaped(word(one, "newest_id"))));
}

/// The named faults; those that a recovery mends are no one's worry here.
void add_faults(sheet &to, const json &list) {
  for (const auto &one : list)
    to.add("",
           word(one, "fault") + " " + word(one, "event_id") + " of " +
               word(one, "organization_id"),
           next("queue show " + escaped(word(one, "event_id"))));
}

/// Those that are not shown as items that are in the log already.
json other_faults(const json &answer) {
  const auto doubled = list_at(answer, "in_log_already.items");
  json out = json::array();
  for (const auto &one : list_at(answer, "ledger.faults")) {
    const auto is_it = [&](const json &item) {
      return at(item, "id") == at(one, "event_id");
    };
    if (std::none_of(doubled.begin(), doubled.end(), is_it))
      out.push_back(one);
  }
  return out;
}

std::string_view ledger_command(const json &answer) {
  if (!is_true(answer, "ledger.checked_now"))
    return "ledger verify";
  return count_at(answer, "in_log_already.count") > 0
             ? "recover --dry-run"
             : "ledger repair --dry-run";
}

void add_ledger(sheet &to, const json &answer) {
  const auto balanced = at(answer, "ledger.balanced");
  std::string text = "never checked";
  if (balanced.is_boolean())
    text = balanced.get<bool>()
               ? "balanced"
               : "does not balance: " + word(answer, "ledger.fault_count") +
                     " faults";
  if (!is_true(answer, "ledger.checked_now") && balanced.is_boolean())
    text += ", by the check of " + word(answer, "ledger.checked_at");
  to.add("ledger", text, next_if(balanced != true, ledger_command(answer)));
  add_faults(to, other_faults(answer));
}

void add_nodes(sheet &to, const json &answer) {
  const auto silent = list_at(answer, "nodes.silent");
  to.add("nodes",
         word(answer, "nodes.count") + ", " +
             grouped(static_cast<long>(silent.size())) + " silent",
         next_if(!silent.empty(), "nodes"));
  for (const auto &one : silent)
    to.add("",
           word(one, "name") + " for " + word(one, "silent_for_ms") + " ms");
}

std::string_view meaning_of(const json &code) {
  if (code == "stuck")
    return "stuck items";
  if (code == "in_log_already")
    return "items of the queue that are in the log already";
  if (code == "in_log_with_other_contents")
    return "items of the queue that are in the log with other contents";
  if (code == "not_where_the_books_have_it")
    return "events that are not where the books have them";
  if (code == "books_do_not_add_up")
    return "sums of the books that are not equal";
  if (code == "books_did_not_balance")
    return "faults that the last check of the books found";
  if (code == "books_not_checked")
    return "books that were not checked";
  if (code == "quarantined")
    return "quarantined items";
  if (code == "silent_nodes")
    return "silent nodes";
  return "things of a kind that this program does not know";
}

std::string findings_text(const json &findings) {
  std::string out;
  for (const auto &one : findings)
    out += "  " + word(one, "count") + " " +
           std::string(meaning_of(at(one, "code"))) +
           next(escaped(word(one, "next"))) + '\n';
  return out;
}

/// Why an order has left some out: which, the service does not say.
std::string passed_over_text(const char *done) {
  return std::string("passed over: unknown, or ") +
         (std::string_view(done) == "requeued"
              ? "not in quarantine"
              : "not waiting (any more, or while it is worked on)") +
         "; `sluice ctl queue show ID` tells where one is\n";
}

} // namespace

std::string show_assessment(const json &answer) {
  sheet out;
  add_dials(out, answer);
  add_queue(out, answer);
  add_stuck(out, answer);
  add_stored(out, answer);
  add_doubled(out, answer);
  add_errors(out, "quarantined", at(answer, "quarantined"),
             "queue list --status quarantined");
  add_errors(out, "retrying", at(answer, "retrying"),
             "queue list --status pending");
  add_ledger(out, answer);
  add_nodes(out, answer);
  out.add("verdict", verdict(answer));
  return out.text() + findings_text(list_of(answer, "findings"));
}

std::string show_recovery(const json &answer) {
  const bool is_trial = is_true(answer, "dry_run");
  sheet out;
  const std::string would = is_trial ? "would be " : "";
  out.add("rescued", word(answer, "rescued") + " stuck items " + would +
                         "taken from their holders");
  out.add("quarantined",
          word(answer, "quarantined") + " stuck items that failed too often");
  out.add("unqueued", word(answer, "unqueued") +
                          " items that are in the log already " + would +
                          "taken from the queue");
  if (at(answer, "books_checked") == false)
    out.add("ledger", "not checked: there was no time", next("ledger verify"));
  if (is_true(answer, "has_more"))
    out.add("more", "there is more of it than is mended at once",
            next("recover"));
  const auto left = list_at(answer, "left");
  sheet faults;
  add_faults(faults, list_of(answer, "faults"));
  if (left.empty())
    return out.text() + "nothing is left that has no rule\n";
  return out.text() + "left for you:\n" + findings_text(left) + faults.text();
}

std::string show_order(const json &answer, const char *done) {
  const bool is_trial = is_true(answer, "dry_run");
  auto out = word(answer, done) + (is_trial ? " would be " : " ") + done +
             ", " + word(answer, "passed_over") + " passed over\n";
  if (is_trial && !list_of(answer, "items").empty())
    out += show_items(answer);
  if (count_at(answer, "passed_over") > 0)
    out += passed_over_text(done);
  if (is_true(answer, "has_more"))
    out += "there may be more; give the order again\n";
  return out;
}

std::string show_setting_trial(const json &answer, const std::string &key) {
  return list_of(answer, "changes").empty()
             ? escaped(key) + " would stay as it is\n"
             : show_reload(answer);
}

} // namespace sluice::tools
