#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <tl/expected.hpp>

#include "actors/drill/drill_runner.hpp"
#include "actors/gateway.hpp"
#include "actors/webhook_port.hpp"
#include "config/settings.hpp"
#include "http/in/answer_counts.hpp"
#include "http/in/auth.hpp"
#include "http/in/cursor.hpp"
#include "http/in/rate_limit.hpp"
#include "http/in/stream_hub.hpp"
#include "http/out/secret_box.hpp"

namespace sluice::http {

/// What the routes share. Thread-safe; lives as long as any of them.
struct service {
  service(actors::gateway &way, const config::settings &values,
          std::shared_ptr<const answer_counts> counted = {})
      : gateway(way), settings(values), keys(way, settings.auth), cursors(way),
        streams(way, keys, cursors), answers(std::move(counted)) {}

  /// The settings as they hold now.
  std::shared_ptr<const config::settings> settings_now() const {
    return gateway.settings();
  }

  actors::gateway &gateway;
  /// As they held at the start; for those that hold until the end.
  const config::settings settings;
  authenticator keys;
  rate_limiter limiter;
  cursor_codec cursors;
  /// After what it asks.
  stream_hub streams;
  /// Of the server that these routes are for; may be absent.
  std::shared_ptr<const answer_counts> answers;
  /// Where drills can be held; set before the first request, if ever.
  actors::drill_runner *drills = nullptr;
  /// What secrets of endpoints are sealed with; set before the first request.
  /// Without it there are no webhooks.
  std::shared_ptr<const secret_box> secrets;
  /// Sends one webhook for an organization and waits for the answer; nothing
  /// when too many do. Set before the first request, if ever.
  std::function<std::optional<actors::webhook_answer>(
      db::organization_id, actors::webhook_request,
      const config::delivery_settings &)>
      try_webhook;
};

using service_ptr = std::shared_ptr<service>;
using answer = tl::expected<response, problem>;

/// A request of a known organization.
struct tenant_call {
  const request &in;
  const db::principal &who;
  /// What the answer's `X-RateLimit-*` will say.
  rate_verdict &rate;
};

using tenant_handler = std::function<answer(service &, tenant_call &)>;
using public_handler = std::function<answer(service &, const request &)>;

/// Whether a route's requests count towards the organization's limit.
enum class metering : std::uint8_t { counted, free };

/// Wraps a handler: finds out who asks (401), takes one request from the
/// limit (429), and turns problems into answers.
handler for_tenant(service_ptr shared, tenant_handler handle,
                   metering meter = metering::counted);

/// What a prompt handler is given beyond `tenant_call`: where the answer goes.
/// What it passes on is made into an answer as `for_tenant` does.
using tenant_reply = std::function<void(std::function<answer()>)>;
using prompt_tenant_handler =
    std::function<void(service &, tenant_call &, tenant_reply)>;

/// As `for_tenant`, for a handler that does not wait.
prompt_handler promptly_for_tenant(service_ptr shared,
                                   prompt_tenant_handler handle);

/// Wraps a handler that lets everybody in.
handler for_everybody(service_ptr shared, public_handler handle);

/// As `for_everybody`, for a handler that does not wait.
prompt_handler promptly_for_everybody(service_ptr shared,
                                      public_handler handle);

/// An answer with a JSON body.
response json_answer(int status, std::string body);

} // namespace sluice::http
