#include "http/in/routes/service.hpp"

#include <utility>

namespace sluice::http {

namespace {

response finished(answer made, std::string_view id, const rate_verdict &rate) {
  response out = made ? std::move(*made) : to_response(made.error(), id);
  add_rate_headers(out, rate);
  return out;
}

} // namespace

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
    return finished(std::move(made), in.id, rate);
  };
}

prompt_handler promptly_for_tenant(service_ptr shared,
                                   prompt_tenant_handler handle) {
  return [shared = std::move(shared),
          handle = std::move(handle)](const request &in, const reply_sink &to) {
    const auto who = shared->keys.recognize(in);
    if (!who)
      return false;
    const std::string id(in.id);
    if (!*who) {
      to([why = who->error(), id] { return to_response(why, id); });
      return true;
    }
    const db::principal &key = ***who;
    rate_verdict rate =
        shared->limiter.take(key.owner.id, key.owner.rate_limit_per_minute, 1);
    tenant_reply finish = [to, id, rate](std::function<answer()> make) {
      to([make = std::move(make), id, rate] {
        return finished(make(), id, rate);
      });
    };
    tenant_call call{in, key, rate};
    if (rate.is_allowed)
      handle(*shared, call, std::move(finish));
    else
      finish([rate] { return answer(tl::unexpected(rate_limited(rate, 1))); });
    return true;
  };
}

handler for_everybody(service_ptr shared, public_handler handle) {
  return [shared = std::move(shared),
          handle = std::move(handle)](const request &in) {
    answer made = handle(*shared, in);
    return made ? std::move(*made) : to_response(made.error(), in.id);
  };
}

prompt_handler promptly_for_everybody(service_ptr shared,
                                      public_handler handle) {
  return [answer_to = for_everybody(std::move(shared), std::move(handle))](
             const request &in, const reply_sink &to) {
    to([made = answer_to(in)] { return made; });
    return true;
  };
}

response json_answer(int status, std::string body) {
  response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

} // namespace sluice::http
