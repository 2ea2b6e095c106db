#include "http/in/routes/webhook_config.hpp"

#include <algorithm>
#include <utility>

#include "http/in/fields.hpp"
#include "http/in/routes/endpoint_change.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/in/routes/json_body.hpp"

namespace sluice::http {

namespace {

constexpr int most_tries = 5;

/// The default endpoint that is there now.
struct outcome {
  enum class kind : std::uint8_t { made, changed, full, outrun };
  kind what = kind::outrun;
  db::endpoint_id id;
};

tl::expected<std::string, problem> read_url(service &shared,
                                            const request &in) {
  constexpr std::string_view member = "webhook_url";
  json_scanner scanner;
  const auto body = scan_body(in, scanner);
  if (!body)
    return tl::unexpected(body.error());
  field_reader fields(*body, {member});
  auto url = fields.string(fields.require(member));
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  if (auto fault = fault_of_url(*url, member, shared.settings_now()->delivery))
    return tl::unexpected(std::move(*fault));
  return std::move(*url);
}

db::result<bool> change(db::store &session, db::endpoint which,
                        const std::string &url) {
  which.url = url;
  if (which.state == db::endpoint_state::parked) {
    which.state = db::endpoint_state::active;
    which.state_reason.clear();
  }
  return session.save_endpoint(which);
}

/// Others may make, change or remove it between any two calls.
db::result<outcome> set_default(db::store &session, const db::endpoint &fresh,
                                int most) {
  using enum outcome::kind;
  bool was_refused = false;
  for (int tries = 0; tries < most_tries; ++tries) {
    const auto all = session.endpoints(fresh.organization);
    if (!all)
      return tl::unexpected(all.error());
    const auto found = std::find_if(all->begin(), all->end(),
                                    [](auto &one) { return one.is_default; });
    if (found == all->end() && was_refused)
      return outcome{full, {}};
    const bool is_there = found != all->end();
    const auto done = is_there ? change(session, *found, fresh.url)
                               : session.create_endpoint(fresh, most);
    if (!done)
      return tl::unexpected(done.error());
    if (*done)
      return is_there ? outcome{changed, found->id} : outcome{made, fresh.id};
    was_refused = !is_there;
  }
  return outcome{};
}

std::string told(db::endpoint_id id, const std::string &url) {
  return "{\"endpoint_id\":\"" + id.to_string() +
         "\",\"webhook_url\":" + json_string(url);
}

} // namespace

answer post_webhook_config(service &shared, tenant_call &call) {
  const auto url = read_url(shared, call.in);
  if (!url)
    return tl::unexpected(url.error());
  auto secret = make_secret(*shared.secrets);
  db::endpoint fresh;
  fresh.id = db::endpoint_id::generate();
  fresh.organization = call.who.owner.id;
  fresh.url = *url;
  fresh.is_default = true;
  fresh.secrets.push_back({std::move(secret.sealed), std::nullopt});
  const int most = shared.settings_now()->delivery.max_endpoints;
  const auto done =
      shared.gateway.ask<outcome>([fresh, most](db::store &session) {
        return set_default(session, fresh, most);
      });
  shared.gateway.endpoints_changed();
  if (!done)
    return tl::unexpected(endpoint_failure(done.error()));
  switch (done->what) {
  case outcome::kind::made:
    return secret_answer(200, told(done->id, *url) + ",\"secret\":" +
                                  json_string(secret.shown) + '}');
  case outcome::kind::changed:
    return json_answer(200, told(done->id, *url) + '}');
  case outcome::kind::full:
    return tl::unexpected(too_many_endpoints(most));
  case outcome::kind::outrun:
    break;
  }
  return tl::unexpected(changed_meanwhile());
}

} // namespace sluice::http
