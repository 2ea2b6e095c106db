#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/event_body.hpp"

using namespace sluice::http;
using nlohmann::json;

namespace {

constexpr std::size_t limit = 1000;

problem refusal_of(const std::string &body) {
  const auto read = read_event(body, limit);
  return read ? problem{} : read.error();
}

std::string slug_of(const std::string &body) {
  const auto why = refusal_of(body);
  return std::to_string(why.status) + ' ' + std::string(why.slug);
}

std::vector<std::string> pointers_of(const std::string &body) {
  const auto answer = json::parse(to_response(refusal_of(body), "r").body);
  std::vector<std::string> out;
  for (const auto &fault : answer.at("errors"))
    out.push_back(fault.at("pointer"));
  return out;
}

std::string event_with(const std::string &type, const std::string &dedup) {
  return json{{"type", type}, {"payload", json::object()}, {"dedup_id", dedup}}
      .dump();
}

} // namespace

TEST_CASE("an event is read with its payload's own bytes", "[event]") {
  const std::string body =
      R"({ "payload" : {"b":1.0, "a" : 1e2} , "ty\u0070e":"a.b:c/d_e-9","dedup_id":"k\u00e9"})";
  const auto read = read_event(body, limit);
  REQUIRE(read);
  CHECK(read->type == "a.b:c/d_e-9");
  CHECK(read->payload == R"({"b":1.0, "a" : 1e2})");
  CHECK(read->dedup_id == "k\xC3\xA9");
}

TEST_CASE("a body that is no object is a wrong field", "[event]") {
  for (const auto *body : {"[]", "\"x\"", "1", "null", "true"})
    CHECK(slug_of(body) == "422 validation");
}

TEST_CASE("what JSON can't be stored has its own slug", "[event]") {
  CHECK(slug_of("") == "400 invalid-json");
  CHECK(slug_of("{} x") == "400 invalid-json");
  CHECK(slug_of("{\"a\":\"\xC3\x28\"}") == "400 invalid-encoding");
  CHECK(slug_of(R"({"a":"\u0000"})") == "422 unsupported-character");
  CHECK(slug_of(R"({"a":1e400})") == "422 number-out-of-range");
  CHECK(slug_of(R"({"a":1,"a":1})") == "422 duplicate-member");
  CHECK(slug_of(std::string(65, '[')) == "422 too-deep");
}

TEST_CASE("a type is 1 to 255 of its characters", "[event]") {
  CHECK(slug_of(event_with(std::string(255, 'a'), "k")) == "500 ");
  for (const auto &type :
       {std::string(), std::string(256, 'a'), std::string("a b"),
        std::string("a\n"), std::string("\xC3\xA9"), std::string("a;b")}) {
    INFO(type);
    CHECK(slug_of(event_with(type, "k")) == "422 validation");
    CHECK(pointers_of(event_with(type, "k")) ==
          std::vector<std::string>{"/type"});
  }
}

TEST_CASE("a dedup_id is 1 to 255 printable bytes", "[event]") {
  CHECK(slug_of(event_with("t", std::string(255, 'k'))) == "500 ");
  CHECK(slug_of(event_with("t", "\xC3\xA9 \xC2\xA0")) == "500 ");
  for (const auto &id :
       {std::string(), std::string(256, 'k'), std::string("a\r\nb"),
        std::string("\x7F"), std::string("\xC2\x85"), std::string("\x01")}) {
    CHECK(slug_of(event_with("t", id)) == "422 validation");
    CHECK(pointers_of(event_with("t", id)) ==
          std::vector<std::string>{"/dedup_id"});
  }
  CHECK(slug_of(R"({"type":"t","payload":{},"dedup_id":null})") ==
        "422 validation");
  CHECK(slug_of(R"({"type":"t","payload":{},"dedup_id":7})") ==
        "422 validation");
}

TEST_CASE("all wrong fields are named at once", "[event]") {
  CHECK(pointers_of(R"({"payload":[],"dedup_id":1})") ==
        std::vector<std::string>{"/payload", "/type", "/dedup_id"});
  CHECK(slug_of(R"({"type":1,"payload":{},"x":1})") == "422 validation");
}

TEST_CASE("an unknown member is named", "[event]") {
  const std::string body = R"({"type":"t","payload":{},"a~b\/c":1})";
  CHECK(slug_of(body) == "422 unknown-member");
  CHECK(pointers_of(body) == std::vector<std::string>{"/a~0b~1c"});
  CHECK(refusal_of(body).detail.find("/a~0b~1c") != std::string::npos);
}

TEST_CASE("a payload is taken to the limit and not beyond", "[event]") {
  auto body = [](std::size_t size) {
    return R"({"type":"t","payload":{"a":")" + std::string(size - 8, 'x') +
           "\"}}";
  };
  CHECK(read_event(body(limit), limit)->payload.size() == limit);
  CHECK(slug_of(body(limit + 1)) == "413 payload-too-large");
  const auto answer =
      json::parse(to_response(refusal_of(body(limit + 1)), "r").body);
  CHECK(answer.at("limit") == limit);
}
