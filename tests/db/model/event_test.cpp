#include <catch2/catch.hpp>

#include "db/model/error.hpp"
#include "db/model/event.hpp"
#include "db/model/time.hpp"

using namespace sluice::db;
using namespace std::chrono_literals;

namespace {

std::string hex(const sha256_digest &digest) {
  std::string text;
  for (auto byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

} // namespace

TEST_CASE("sha256 is that of FIPS 180-4") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb924"
                           "27ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223"
                              "b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256(std::string_view("a\0b", 3)) != sha256("a"));
}

TEST_CASE("times are written as RFC 3339 with microseconds") {
  CHECK(to_rfc3339(timestamp(0us)) == "1970-01-01T00:00:00.000000Z");
  CHECK(to_rfc3339(timestamp(1'769'860'800s + 1us)) ==
        "2026-01-31T12:00:00.000001Z");
  CHECK(to_rfc3339(timestamp(-1us)) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("every delivery status is read as it is written") {
  for (auto status : {delivery_status::pending, delivery_status::sending,
                      delivery_status::delivered, delivery_status::failed,
                      delivery_status::dead_letter, delivery_status::skipped})
    CHECK(parse_delivery_status(to_string(status)) == status);
  CHECK(!parse_delivery_status("Pending"));
  CHECK(!parse_delivery_status(""));
}

TEST_CASE("codes and places have names") {
  CHECK(to_string(errc::in_doubt) == "in_doubt");
  CHECK(to_string(errc::locked) == "locked");
  CHECK(to_string(item_status::quarantined) == "quarantined");
  CHECK(to_string(event_view::place::queued) == "queued");
  CHECK(to_string(event_view::place::stored) == "stored");
}
