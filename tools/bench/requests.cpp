#include "tools/bench/requests.hpp"

namespace sluice::tools {

namespace {

constexpr std::size_t event_size = 300;
constexpr std::string_view before_payload =
    R"({"type":"invoice.settled","payload":)";
constexpr std::string_view after_payload = "}";
constexpr std::string_view before_filling =
    R"({"invoice":"inv-004711","net":1249.5,"currency":"EUR","lines":3,)"
    R"("memo":")";
constexpr std::string_view after_filling = "\"}";

} // namespace

std::string event_payload() {
  auto around = before_payload.size() + after_payload.size() +
                before_filling.size() + after_filling.size();
  std::string payload(before_filling);
  payload.append(event_size - around, 'm');
  payload.append(after_filling);
  return payload;
}

std::string_view event_type() {
  return "invoice.settled";
}

std::string event_body() {
  std::string body(before_payload);
  body += event_payload();
  body += after_payload;
  return body;
}

std::string batch_body(int count) {
  auto event = event_body();
  std::string body = "[";
  for (int i = 0; i < count; ++i) {
    if (i > 0)
      body += ',';
    body += event;
  }
  body += ']';
  return body;
}

std::string post_request(std::string_view path, std::string_view key,
                         std::string_view body) {
  std::string request = "POST ";
  request.append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  if (!key.empty())
    request.append("Authorization: Bearer ").append(key).append("\r\n");
  request += "Content-Type: application/json\r\nContent-Length: ";
  request += std::to_string(body.size());
  request.append("\r\n\r\n").append(body);
  return request;
}

} // namespace sluice::tools
