#include "http/out/standard_webhooks.hpp"

#include <catch2/catch.hpp>

#include "http/out/base64.hpp"

namespace sluice::tests {

namespace {

using http::webhook_key;
using http::webhook_signature;

constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string secret_of(std::size_t bytes) {
  return "whsec_" + http::to_base64(std::string(bytes, 'k'));
}

} // namespace

TEST_CASE("the specification's example has its signature") {
  const auto key = webhook_key(secret);
  REQUIRE(key);
  CHECK(webhook_signature(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                          R"({"test": 2432232314})") ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("a fresh secret is one, and no other") {
  const auto first = http::make_webhook_secret();
  const auto second = http::make_webhook_secret();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first != *second);
  CHECK(webhook_key(*first).value().size() == 32);
}

TEST_CASE("a secret has 24 to 64 bytes") {
  CHECK_FALSE(webhook_key(secret_of(23)));
  CHECK(webhook_key(secret_of(24)));
  CHECK(webhook_key(secret_of(64)));
  CHECK_FALSE(webhook_key(secret_of(65)));
}

TEST_CASE("what is no secret has no key") {
  const auto text = GENERATE("", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                             "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                             "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                             "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_w",
                             "whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                             "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
                             "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  CAPTURE(text);
  CHECK_FALSE(webhook_key(text));
}

TEST_CASE("base64 takes only what it writes") {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string bytes(size, static_cast<char>(0xA5 + size));
    CHECK(http::from_base64(http::to_base64(bytes)) == bytes);
  }
  for (const auto *text : {"A", "AB", "ABC", "AB=C", "AB==CDEF", "A===", "====",
                           "QUJD\n", " QUJD", "QUI", "QUJ=", "QR=="})
    CHECK_FALSE(http::from_base64(text));
}

TEST_CASE("a body has its payload byte by byte") {
  const db::timestamp at(std::chrono::microseconds(1'700'000'000'000'001));
  CHECK(http::webhook_body({"evt_1", "invoice.paid", at, "{\"a\" : 1.0e0 }"}) ==
        R"({"id":"evt_1","type":"invoice.paid",)"
        R"("timestamp":"2023-11-14T22:13:20.000001Z","data":{"a" : 1.0e0 }})");
}

TEST_CASE("a body's strings are escaped") {
  CHECK(http::webhook_body({"a\"b", "c\\d\n", db::timestamp{}, "{}"}) ==
        R"({"id":"a\"b","type":"c\\d\u000a",)"
        R"("timestamp":"1970-01-01T00:00:00.000000Z","data":{}})");
}

} // namespace sluice::tests
