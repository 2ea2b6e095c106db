#include <string>

#include "tools/ctl/text.hpp"
#include "tools/ctl/verbs.hpp"

// Verbs that mend what is damaged, and those that look at it first.
namespace sluice::tools {

namespace {

const std::string admin = "/admin/v1/";

/// What an order on items is called.
struct item_words {
  const char *verb;
  const char *done;
  const char *question;
};

json body_of(const item_choice &which, const change_options &why) {
  json out = json::object();
  if (!why.reason.empty())
    out["reason"] = why.reason;
  if (!which.filter.is_narrow()) {
    out["ids"] = which.ids;
    return out;
  }
  if (!which.filter.status.empty())
    out["status"] = which.filter.status;
  if (!which.filter.organization.empty())
    out["organization_id"] = which.filter.organization;
  if (which.filter.older_than.count() > 0)
    out["older_than"] = which.filter.older_than.count();
  return out;
}

std::string of_events(std::size_t count) {
  return grouped(static_cast<long>(count)) +
         (count == 1 ? " event" : " events");
}

/// What passes the filter now, by its ids: what was counted is what is done.
console::result<json> resolve(console &on, const item_words &words,
                              const item_choice &which,
                              const change_options &why) {
  auto body = body_of(which, why);
  body["dry_run"] = true;
  auto seen = on.post(admin + "queue/" + words.verb, body);
  if (!seen)
    return seen;
  json ids = json::array();
  for (const auto &one : seen->value("items", json::array()))
    ids.push_back(one.value("id", ""));
  return json{{"ids", ids}, {"has_more", seen->value("has_more", false)}};
}

ctl_exit order(console &on, const item_words &words, const json &body,
               bool has_more) {
  auto answer = on.post(admin + "queue/" + words.verb, body);
  if (!answer)
    return answer.error();
  if (has_more)
    (*answer)["has_more"] = true;
  return on.show(*answer, show_order(*answer, words.done));
}

ctl_exit order_items(console &on, const item_words &words,
                     const item_choice &which, const change_options &why,
                     bool is_asked) {
  auto body = body_of(which, why);
  if (why.is_trial) {
    body["dry_run"] = true;
    return order(on, words, body, false);
  }
  bool has_more = false;
  if (which.filter.is_narrow()) {
    const auto seen = resolve(on, words, which, why);
    if (!seen)
      return seen.error();
    const json nothing{{words.done, 0}, {"passed_over", 0}};
    if (seen->at("ids").empty())
      return on.show(nothing, show_order(nothing, words.done));
    body = json{{"reason", why.reason}, {"ids", seen->at("ids")}};
    has_more = seen->value("has_more", false);
  }
  if (is_asked || which.filter.is_narrow())
    if (const auto sure =
            on.confirm(words.question + of_events(body["ids"].size()) + '?');
        !sure)
      return sure.error();
  return order(on, words, body, has_more);
}

long number_of(const json &answer, const char *name) {
  return answer.value(name, 0L);
}

long changed_by(const json &answer) {
  return number_of(answer, "rescued") + number_of(answer, "quarantined") +
         number_of(answer, "unqueued");
}

std::string question_about(const json &preview) {
  return "Take " +
         grouped(number_of(preview, "rescued") +
                 number_of(preview, "quarantined")) +
         " stuck items from their holders, and " +
         grouped(number_of(preview, "unqueued")) +
         " that are in the log already from the queue?";
}

/// Again and again, as long as something is mended and more is left.
console::result<json> recover_all(console &on, const json &body) {
  auto sum = on.post(admin + "recover", body);
  while (sum && sum->value("has_more", false)) {
    auto more = on.post(admin + "recover", body);
    if (!more)
      return more;
    const bool is_done = changed_by(*more) == 0;
    auto next = *more;
    for (const auto *name : {"rescued", "quarantined", "unqueued"})
      next[name] = number_of(*sum, name) + number_of(*more, name);
    sum = std::move(next);
    if (is_done)
      break;
  }
  return sum;
}

} // namespace

ctl_exit run_assess(console &on, bool is_quick) {
  const auto answer =
      on.get(admin + "assess" + (is_quick ? "?books=last" : ""));
  return answer ? on.show(*answer, show_assessment(*answer)) : answer.error();
}

ctl_exit run_recover(console &on, const change_options &why) {
  const auto preview = on.post(admin + "recover", json{{"dry_run", true}});
  if (!preview)
    return preview.error();
  if (why.is_trial)
    return on.show(*preview, show_recovery(*preview));
  if (changed_by(*preview) > 0)
    if (const auto sure = on.confirm(question_about(*preview)); !sure)
      return sure.error();
  json body = json::object();
  if (!why.reason.empty())
    body["reason"] = why.reason;
  const auto done = recover_all(on, body);
  return done ? on.show(*done, show_recovery(*done)) : done.error();
}

ctl_exit run_show_item(console &on, const std::string &id, bool with_payload) {
  const auto answer =
      on.get(admin + "queue/" + id + (with_payload ? "?payload=true" : ""));
  return answer ? on.show(*answer, show_item(*answer)) : answer.error();
}

ctl_exit run_requeue(console &on, const item_choice &which,
                     const change_options &why) {
  return order_items(on, {"requeue", "requeued", "Requeue "}, which, why,
                     false);
}

ctl_exit run_discard(console &on, const item_choice &which,
                     const change_options &why) {
  return order_items(on, {"discard", "discarded", "Discard "}, which, why,
                     true);
}

} // namespace sluice::tools
