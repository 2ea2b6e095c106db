#include "http/in/routes/endpoint_change.hpp"

#include <stdexcept>
#include <utility>

#include "http/in/refusals.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/out/standard_webhooks.hpp"

namespace sluice::http {

namespace {

constexpr int most_tries = 5;

/// How a change went.
struct change {
  enum class kind : std::uint8_t { made, gone, outrun };
  kind what = kind::outrun;
  db::endpoint now;
};

db::result<change> try_change(db::store &session, db::organization_id owner,
                              db::endpoint_id id,
                              const std::function<void(db::endpoint &)> &step) {
  bool is_saved = false;
  for (int tries = 0; tries <= most_tries; ++tries) {
    auto found = session.find_endpoint(owner, id);
    if (!found)
      return tl::unexpected(std::move(found.error()));
    if (!*found)
      return change{change::kind::gone, {}};
    // Read once more: what the store makes of it is its own affair.
    if (is_saved)
      return change{change::kind::made, std::move(**found)};
    if (tries == most_tries)
      break;
    step(**found);
    const auto saved = session.save_endpoint(**found);
    if (!saved)
      return tl::unexpected(saved.error());
    is_saved = *saved;
  }
  return change{};
}

} // namespace

tenant_handler for_webhooks(tenant_handler handle) {
  return [handle = std::move(handle)](service &shared,
                                      tenant_call &call) -> answer {
    if (shared.secrets)
      return handle(shared, call);
    constexpr long retry_after = 60;
    problem out;
    out.status = 503;
    out.slug = "webhooks-off";
    out.title = "Webhooks are off";
    out.detail = "this service has no key to seal secrets of endpoints with";
    out.retry_after = retry_after;
    return tl::unexpected(std::move(out));
  };
}

tl::expected<db::endpoint_id, problem> endpoint_in_path(const request &in) {
  const auto id = db::endpoint_id::parse(in.path_values.front());
  if (!id)
    return tl::unexpected(no_such_endpoint());
  return *id;
}

tl::expected<db::endpoint, problem>
endpoint_of(service &shared, db::organization_id owner, db::endpoint_id id) {
  auto found = shared.gateway.ask<std::optional<db::endpoint>>(
      [owner, id](db::store &session) {
        return session.find_endpoint(owner, id);
      });
  if (!found)
    return tl::unexpected(read_failure(found.error()));
  if (!*found)
    return tl::unexpected(no_such_endpoint());
  return std::move(**found);
}

tl::expected<db::endpoint, problem>
change_endpoint(service &shared, db::organization_id owner, db::endpoint_id id,
                const std::function<void(db::endpoint &)> &step) {
  auto done = shared.gateway.ask<change>(
      [=](db::store &session) { return try_change(session, owner, id, step); });
  // Also when it failed: the outcome may be unknown.
  shared.gateway.endpoints_changed();
  if (!done)
    return tl::unexpected(endpoint_failure(done.error()));
  switch (done->what) {
  case change::kind::made:
    return std::move(done->now);
  case change::kind::gone:
    return tl::unexpected(no_such_endpoint());
  case change::kind::outrun:
    break;
  }
  return tl::unexpected(changed_meanwhile());
}

problem changed_meanwhile() {
  problem out;
  out.status = 409;
  out.slug = "changed-meanwhile";
  out.title = "Changed meanwhile";
  out.detail = "the endpoint was changed by others at the same time; nothing "
               "was written";
  return out;
}

problem too_many_endpoints(int most) {
  problem out;
  out.status = 409;
  out.slug = "too-many-endpoints";
  out.title = "Too many endpoints";
  out.detail = "the organization has as many endpoints as it may have";
  out.extensions.emplace_back("limit", std::to_string(most));
  return out;
}

problem endpoint_failure(const db::error &why) {
  problem out = store_failure(why);
  if (why.code == db::errc::in_doubt)
    out.detail = "the connection to the store was lost while it committed; "
                 "look at what is there before the request is repeated";
  return out;
}

fresh_secret make_secret(const secret_box &box) {
  auto shown = make_webhook_secret();
  auto sealed = shown ? box.seal(*shown) : std::nullopt;
  if (!sealed)
    throw std::runtime_error("the system has no random bytes");
  return {std::move(*shown), std::move(*sealed)};
}

response secret_answer(int status, std::string body) {
  response out = json_answer(status, std::move(body));
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

} // namespace sluice::http
