#include "tools/ctl/verbs.hpp"

#include <utility>

#include "tools/ctl/text.hpp"

namespace sluice::tools {

namespace {

const std::string admin = "/admin/v1/";

json body_of(const change_options &why) {
  json out = json::object();
  if (!why.reason.empty())
    out["reason"] = why.reason;
  if (why.resume_after)
    out["resume_after"] = why.resume_after->count();
  if (why.is_trial)
    out["dry_run"] = true;
  return out;
}

json body_of(const std::string &reason) {
  return body_of(change_options{.reason = reason});
}

template <class Text>
ctl_exit show_answer(console &on, const console::result<json> &answer,
                     Text text) {
  return answer ? on.show(*answer, text(*answer)) : answer.error();
}

/// `key is set`, or what would be different.
ctl_exit change_setting(console &on, const std::string &key, const json &body,
                        const std::string &done) {
  return show_answer(
      on, on.post(admin + "settings", body), [&](const json &answer) {
        return answer.value("dry_run", false) ? show_setting_trial(answer, key)
                                              : escaped(key) + done;
      });
}

} // namespace

ctl_exit run_status(console &on) {
  // Unready is an answer, too.
  const auto health = on.ask("GET", "/health/ready");
  if (!health)
    return health.error();
  if (!health->body.is_object() || !health->body.contains("queue"))
    return on.refuse(*health);
  const auto gate = on.ask("GET", admin + "gate");
  if (!gate)
    return gate.error();
  const json dials = gate->status == 200 ? gate->body : json(nullptr);
  return on.show(json{{"health", health->body}, {"gate", dials}},
                 show_status(health->body, dials, on.has_colours()));
}

ctl_exit run_actors(console &on) {
  return show_answer(on, on.get(admin + "actors"), show_actors);
}

ctl_exit run_nodes(console &on) {
  return show_answer(on, on.get(admin + "nodes"), show_nodes);
}

ctl_exit run_settings(console &on) {
  return show_answer(on, on.get(admin + "settings"), show_settings);
}

ctl_exit run_mode(console &on, const std::string &mode,
                  std::optional<std::chrono::seconds> retry_after,
                  const change_options &why) {
  auto body = body_of(why);
  body["mode"] = mode;
  if (retry_after)
    body["retry_after"] = retry_after->count();
  return show_answer(on, on.post(admin + "mode", body), show_dials);
}

ctl_exit run_dial(console &on, const std::string &verb, const std::string &dial,
                  const change_options &why) {
  auto body = body_of(why);
  body["dial"] = dial;
  return show_answer(on, on.post(admin + verb, body), show_dials);
}

ctl_exit run_set(console &on, const std::string &key, const std::string &value,
                 const change_options &why) {
  auto body = body_of(why);
  body["set"] = json::array({key + '=' + value});
  return change_setting(on, key, body, " is set\n");
}

ctl_exit run_unset(console &on, const std::string &key,
                   const change_options &why) {
  auto body = body_of(why);
  body["unset"] = json::array({key});
  return change_setting(on, key, body,
                        " is what file, environment or --set say\n");
}

ctl_exit run_reload(console &on, const std::string &reason) {
  return show_answer(on, on.post(admin + "reload", body_of(reason)),
                     show_reload);
}

ctl_exit run_poll(console &on, const std::string &reason) {
  return show_answer(
      on, on.post(admin + "poll", body_of(reason)),
      [](const json &) { return "the queue is looked at now\n"; });
}

ctl_exit run_cleanup(console &on, const change_options &why) {
  const auto *would = why.is_trial ? "would be " : "";
  return show_answer(
      on, on.post(admin + "cleanup", body_of(why)), [&](const json &answer) {
        return grouped(answer.value("rescued", 0L)) + ' ' + would +
               "rescued, " + grouped(answer.value("quarantined", 0L)) + ' ' +
               would + "quarantined\n";
      });
}

ctl_exit run_restart(console &on, const std::string &part,
                     const std::string &reason) {
  return show_answer(
      on, on.post(admin + "actors/" + part + "/restart", body_of(reason)),
      [&](const json &) { return escaped(part) + " is started again\n"; });
}

ctl_exit run_verify(console &on) {
  const auto report = on.post(admin + "ledger/verify");
  if (!report)
    return report.error();
  const auto shown = on.show(*report, show_ledger(*report));
  return report->value("is_balanced", false) ? shown : ctl_exit::refused;
}

ctl_exit run_repair(console &on, const change_options &why) {
  if (!why.is_trial)
    if (const auto sure = on.confirm("Make the books agree with the tables?");
        !sure)
      return sure.error();
  return show_answer(
      on, on.post(admin + "ledger/repair", body_of(why)),
      [&](const json &answer) { return show_repair(answer, why.is_trial); });
}

ctl_exit run_list_items(console &on, const item_filter &filter) {
  auto path = admin + "queue?limit=" + std::to_string(filter.limit);
  if (!filter.status.empty())
    path += "&status=" + filter.status;
  if (!filter.organization.empty())
    path += "&organization_id=" + filter.organization;
  if (filter.older_than.count() > 0)
    path += "&older_than=" + std::to_string(filter.older_than.count());
  return show_answer(on, on.get(path), show_items);
}

ctl_exit run_endpoints(console &on, const std::string &organization) {
  return show_answer(
      on, on.get(admin + "endpoints?organization_id=" + organization),
      show_endpoints);
}

ctl_exit run_audit(console &on, int limit) {
  return show_answer(on, on.get(admin + "audit?limit=" + std::to_string(limit)),
                     show_audit);
}

} // namespace sluice::tools
