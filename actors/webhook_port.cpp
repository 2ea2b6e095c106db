#include "actors/webhook_port.hpp"

namespace sluice::actors {

webhook_request webhook_to(const db::endpoint &at,
                           const db::claimed_delivery &one,
                           db::timestamp wall) {
  webhook_request out;
  out.url = at.url;
  out.headers = at.headers;
  out.id = one.event.to_string();
  out.type = one.type;
  out.payload = one.payload;
  out.accepted_at = one.accepted_at;
  for (const auto &secret : at.secrets)
    if (!secret.expires_at || *secret.expires_at > wall)
      out.secrets.push_back(secret.sealed);
  return out;
}

bool webhook_answer::has_arrived() const {
  return what == kind::answered && status / 100 == 2;
}

std::string webhook_answer::failure() const {
  if (has_arrived())
    return {};
  return what == kind::answered ? "answered " + std::to_string(status) : error;
}

} // namespace sluice::actors
