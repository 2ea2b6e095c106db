#include "http/in/routes/events.hpp"

#include <cassert>
#include <utility>

#include "http/in/media_type.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/accepting.hpp"
#include "http/in/routes/event_deliveries.hpp"

namespace sluice::http {

namespace {

std::string text_or_null(const std::optional<std::string> &text) {
  return text ? json_string(*text) : "null";
}

std::string to_json(const seen_event &seen) {
  const db::event_view &view = seen.view;
  std::string out = "{\"id\":\"" + view.id.to_string() + "\",\"status\":\"";
  out += db::to_string(view.where);
  out +=
      "\",\"type\":" + json_string(view.type) + ",\"payload\":" + view.payload +
      ",\"dedup_id\":" + text_or_null(view.dedup_id) + ",\"accepted_at\":\"" +
      db::to_rfc3339(view.accepted_at) + "\",\"stored_at\":" +
      (view.stored_at ? '"' + db::to_rfc3339(*view.stored_at) + '"' : "null") +
      ",\"attempts\":" + std::to_string(view.attempts);
  if (!view.last_error.empty())
    out += ",\"last_error\":" + json_string(view.last_error);
  return out + ",\"deliveries\":" + deliveries_json(seen) + '}';
}

/// What decides how an event is told, beside what became of it.
struct teller {
  db::event_id own;
  bool is_replay = false;
  bool is_sync = false;
};

/// What a request asks to be accepted.
struct posted {
  db::new_event event;
  teller about;
};

tl::expected<posted, problem> read_posted(service &shared,
                                          const tenant_call &call) {
  const auto intake = shared.gateway.intake(call.who.owner.id, 1);
  if (auto closed = refusal_of(intake))
    return tl::unexpected(std::move(*closed));
  if (auto type = body_type(call.in); !type)
    return tl::unexpected(std::move(type.error()));
  const auto key = idempotency_key(call.in);
  if (!key)
    return tl::unexpected(key.error());
  auto body = read_event(call.in.body, shared.settings.http.max_payload);
  if (!body)
    return tl::unexpected(std::move(body.error()));
  posted out;
  out.event =
      make_event(call.who.owner.id, std::move(*body),
                 *key ? std::optional<std::string>(**key) : std::nullopt);
  out.about = {out.event.id, key->has_value(), intake.is_sync};
  return out;
}

answer told(const db::result<actors::accept_reply> &reply,
            const teller &about) {
  if (!reply)
    return tl::unexpected(store_failure(reply.error(), about.own));
  assert(reply->size() == 1);
  const auto done =
      judge(reply->front(), about.own, about.is_replay, about.is_sync);
  if (!done)
    return tl::unexpected(done.error());
  return json_answer(done->status(),
                     "{\"id\":\"" + done->id.to_string() + "\",\"status\":\"" +
                         (done->is_created ? "created" : "accepted") + "\"}");
}

} // namespace

answer post_event(service &shared, tenant_call &call) {
  auto asked = read_posted(shared, call);
  if (!asked)
    return tl::unexpected(std::move(asked.error()));
  std::vector<db::new_event> events;
  events.push_back(std::move(asked->event));
  return told(shared.gateway.accept(std::move(events)), asked->about);
}

void post_event_promptly(service &shared, tenant_call &call,
                         tenant_reply reply) {
  auto asked = read_posted(shared, call);
  if (!asked)
    return reply([why = std::move(asked.error())] {
      return answer(tl::unexpected(why));
    });
  std::vector<db::new_event> events;
  events.push_back(std::move(asked->event));
  shared.gateway.accept_later(
      std::move(events), [reply = std::move(reply), about = asked->about](
                             db::result<actors::accept_reply> what) {
        reply([what = std::move(what), about] { return told(what, about); });
      });
}

answer get_event(service &shared, tenant_call &call) {
  const auto id = db::event_id::parse(call.in.path_values.front());
  if (!id)
    return tl::unexpected(no_such_event());
  const auto owner = call.who.owner.id;
  const auto seen = shared.gateway.ask<std::optional<seen_event>>(
      [owner, id = *id](db::store &session) {
        return look_at(session, owner, id);
      });
  if (!seen)
    return tl::unexpected(read_failure(seen.error()));
  if (!*seen)
    return tl::unexpected(no_such_event());
  return json_answer(200, to_json(**seen));
}

} // namespace sluice::http
