#include "http/in/routes/service.hpp"

#include <utility>

namespace sluice::http {

handler for_tenant(service_ptr shared, tenant_handler handle, metering meter) {
  return [shared = std::move(shared), handle = std::move(handle),
          meter](const request &in) {
    const auto who = shared->keys.authenticate(in);
    if (!who)
      return to_response(who.error(), in.id);
    const db::principal &key = **who;
    rate_verdict rate;
    if (meter == metering::counted)
      rate = shared->limiter.take(key.owner.id, key.owner.rate_limit_per_minute,
                                  1);
    tenant_call call{in, key, rate};
    answer made = rate.is_allowed
                      ? handle(*shared, call)
                      : answer(tl::unexpected(rate_limited(rate, 1)));
    response out = made ? std::move(*made) : to_response(made.error(), in.id);
    add_rate_headers(out, rate);
    return out;
  };
}

handler for_everybody(service_ptr shared, public_handler handle) {
  return [shared = std::move(shared),
          handle = std::move(handle)](const request &in) {
    answer made = handle(*shared, in);
    return made ? std::move(*made) : to_response(made.error(), in.id);
  };
}

response json_answer(int status, std::string body) {
  response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

} // namespace sluice::http
