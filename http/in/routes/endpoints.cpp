#include "http/in/routes/endpoints.hpp"

#include <utility>

#include "http/in/refusals.hpp"
#include "http/in/routes/endpoint_change.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/in/routes/json_body.hpp"

namespace sluice::http {

namespace {

tl::expected<endpoint_fields, problem>
read_fields(service &shared, const request &in, bool wants_url) {
  json_scanner scanner;
  const auto body = scan_body(in, scanner);
  if (!body)
    return tl::unexpected(body.error());
  return read_endpoint_fields(*body, shared.settings_now()->delivery,
                              wants_url);
}

/// As the store has it, with the times that it gave.
struct made {
  bool is_made = false;
  std::optional<db::endpoint> now;
};

db::result<made> create(db::store &session, const db::endpoint &fresh,
                        int most) {
  const auto is_made = session.create_endpoint(fresh, most);
  if (!is_made)
    return tl::unexpected(is_made.error());
  if (!*is_made)
    return made{};
  // What can't be read now is there all the same, and its secret is known to
  // nobody else: it goes out as it was written.
  auto now = session.find_endpoint(fresh.organization, fresh.id);
  return made{true, now ? std::move(*now) : std::nullopt};
}

} // namespace

answer post_endpoint(service &shared, tenant_call &call) {
  auto fields = read_fields(shared, call.in, true);
  if (!fields)
    return tl::unexpected(std::move(fields.error()));
  auto secret = make_secret(*shared.secrets);
  db::endpoint fresh;
  fresh.id = db::endpoint_id::generate();
  fresh.organization = call.who.owner.id;
  fresh.secrets.push_back({std::move(secret.sealed), std::nullopt});
  fresh.inserted_at = db::system_now();
  fresh.updated_at = fresh.inserted_at;
  apply(std::move(*fields), fresh);
  const int most = shared.settings_now()->delivery.max_endpoints;
  const auto done = shared.gateway.ask<made>([fresh, most](db::store &session) {
    return create(session, fresh, most);
  });
  shared.gateway.endpoints_changed();
  if (!done)
    return tl::unexpected(endpoint_failure(done.error()));
  if (!done->is_made)
    return tl::unexpected(too_many_endpoints(most));
  return secret_answer(201, '{' + endpoint_members(done->now.value_or(fresh)) +
                                ",\"secret\":" + json_string(secret.shown) +
                                '}');
}

answer get_endpoints(service &shared, tenant_call &call) {
  const auto owner = call.who.owner.id;
  const auto all = shared.gateway.ask<std::vector<db::endpoint>>(
      [owner](db::store &session) { return session.endpoints(owner); });
  if (!all)
    return tl::unexpected(read_failure(all.error()));
  return json_answer(
      200, "{\"endpoints\":" + json_list(*all, [](const db::endpoint &one) {
             return to_json(one);
           }) + '}');
}

answer get_endpoint(service &shared, tenant_call &call) {
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  const auto found = endpoint_of(shared, call.who.owner.id, *id);
  if (!found)
    return tl::unexpected(found.error());
  return json_answer(200, to_json(*found));
}

answer patch_endpoint(service &shared, tenant_call &call) {
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  const auto fields = read_fields(shared, call.in, false);
  if (!fields)
    return tl::unexpected(fields.error());
  const auto changed = change_endpoint(
      shared, call.who.owner.id, *id,
      [&fields](db::endpoint &which) { apply(*fields, which); });
  if (!changed)
    return tl::unexpected(changed.error());
  return json_answer(200, to_json(*changed));
}

answer delete_endpoint(service &shared, tenant_call &call) {
  const auto id = endpoint_in_path(call.in);
  if (!id)
    return tl::unexpected(id.error());
  const auto owner = call.who.owner.id;
  const auto done =
      shared.gateway.ask<bool>([owner, id = *id](db::store &session) {
        return session.remove_endpoint(owner, id);
      });
  shared.gateway.endpoints_changed();
  if (!done)
    return tl::unexpected(endpoint_failure(done.error()));
  if (!*done)
    return tl::unexpected(no_such_endpoint());
  return json_answer(200, "{\"id\":\"" + id->to_string() +
                              "\",\"status\":\"removed\"}");
}

} // namespace sluice::http
