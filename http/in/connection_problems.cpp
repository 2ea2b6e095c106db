#include "http/in/connection_problems.hpp"

#include <string>

#include "http/in/framing.hpp"

namespace sluice::http {

problem not_found() {
  auto out = refusal(404, "not-found", "Not found", "There is nothing here.");
  out.closes = false;
  return out;
}

problem method_not_allowed(std::string_view allow) {
  auto out = refusal(405, "method-not-allowed", "Method not allowed",
                     "This resource has other methods; see Allow.");
  out.headers.emplace_back("Allow", allow);
  out.closes = false;
  return out;
}

problem uri_too_long() {
  return refusal(414, "uri-too-long", "URI too long",
                 "The path is longer than 1024 bytes.");
}

problem length_required() {
  return refusal(411, "length-required", "Length required",
                 "Send Content-Length, or Transfer-Encoding: chunked.");
}

problem body_not_taken() {
  return bad_request("This request takes no body.");
}

problem body_too_large(std::size_t limit) {
  const std::string bytes = std::to_string(limit);
  auto out = refusal(413, "payload-too-large", "Payload too large",
                     "The body is larger than " + bytes + " bytes.");
  out.extensions.emplace_back("limit", bytes);
  return out;
}

problem unsupported_encoding() {
  return refusal(415, "unsupported-encoding", "Unsupported encoding",
                 "Send the body as it is, without Content-Encoding.");
}

problem unsupported_media_type() {
  return refusal(415, "unsupported-media-type", "Unsupported media type",
                 "Forms are not taken; send application/json.");
}

problem request_timeout() {
  return refusal(408, "request-timeout", "Request timeout",
                 "The request did not arrive whole in time.");
}

problem internal_error() {
  auto out = refusal(500, "internal", "Internal error",
                     "Something went wrong here; the instance names it.");
  out.closes = false;
  return out;
}

problem too_many_connections() {
  auto out = refusal(503, "too-many-connections", "Too many connections",
                     "All connections are taken; try again shortly.");
  out.retry_after = 1;
  return out;
}

} // namespace sluice::http
