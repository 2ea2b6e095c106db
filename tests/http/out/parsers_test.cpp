#include <random>

#include <catch2/catch.hpp>

#include "http/out/answer_reader.hpp"
#include "http/out/base64.hpp"
#include "http/out/retry_after.hpp"
#include "http/out/standard_webhooks.hpp"
#include "http/out/webhook_url.hpp"

namespace sluice::tests {

namespace {

using http::parse_retry_after;
using std::chrono::seconds;

/// 2026-10-21T07:28:00Z.
const db::timestamp now(seconds(1'792'567'680));

/// Random bytes, often from an alphabet that gets further into a parser.
class byte_source {
public:
  explicit byte_source(std::uint32_t seed) : random_(seed) {}

  std::string next() {
    constexpr std::string_view likely = "https://[]:.@%#?0x127fF-_ \r\n=+/aZ:";
    std::string out(pick(64), '\0');
    const bool is_wild = pick(4) == 0;
    for (auto &c : out)
      c = is_wild ? static_cast<char>(pick(256)) : likely[pick(likely.size())];
    return (pick(2) == 0 ? "https://" : "") + out;
  }

private:
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

  std::mt19937 random_;
};

} // namespace

TEST_CASE("a Retry-After in seconds") {
  CHECK(parse_retry_after("0", now) == seconds(0));
  CHECK(parse_retry_after("120", now) == seconds(120));
  CHECK(parse_retry_after(" \t120 ", now) == seconds(120));
  CHECK(parse_retry_after("0007", now) == seconds(7));
  CHECK(parse_retry_after("86401", now) == seconds(86400));
  CHECK(parse_retry_after("99999999999999999999999999999999", now) ==
        seconds(86400));
}

TEST_CASE("a Retry-After as a date") {
  CHECK(parse_retry_after("Wed, 21 Oct 2026 07:28:30 GMT", now) == seconds(30));
  CHECK(parse_retry_after("Wednesday, 21-Oct-26 07:29:00 GMT", now) ==
        seconds(60));
  CHECK(parse_retry_after("Wed Oct 21 07:29:00 2026", now) == seconds(60));
  CHECK(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now) == seconds(0));
  CHECK(parse_retry_after("Thu, 21 Oct 2027 07:28:00 GMT", now) ==
        seconds(86400));
}

TEST_CASE("a Retry-After that says nothing") {
  for (const auto *text :
       {"", " ", "-1", "+1", "1.5", "1 s", "soon", "0x10", "Wed", "1,2",
        "Wed, 99 Foo 2026 07:28:30 GMT", "Wed, 21 Oct 2026",
        "2026-10-21T07:28:30Z", "07:28:30", "\xD9\xA1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_retry_after(text, now));
  }
  CHECK_FALSE(parse_retry_after(std::string(65, '1'), now));
}

TEST_CASE("an answer's first Retry-After that says something counts") {
  http::answer_reader reader;
  CHECK(reader.take_line("HTTP/1.1 503 Busy\r\n"));
  CHECK(reader.take_line("Retry-After-Not: 9\r\n"));
  CHECK(reader.take_line("RETRY-AFTER: soon\r\n"));
  CHECK(reader.take_line("retry-after:5\r\n"));
  CHECK(reader.take_line("Retry-After: 6\r\n"));
  CHECK_FALSE(reader.is_head_whole());
  CHECK(reader.take_line("\r\n"));
  CHECK(reader.is_head_whole());
  CHECK(reader.retry_after() == seconds(5));
}

TEST_CASE("an answer's head and body have a size") {
  http::answer_reader lines;
  for (int i = 0; i < 100; ++i)
    CHECK(lines.take_line("X: y\r\n"));
  CHECK_FALSE(lines.take_line("X: y\r\n"));
  http::answer_reader bytes;
  CHECK(bytes.take_line(std::string(16 * 1024, 'x')));
  CHECK_FALSE(bytes.take_line("x"));
  http::answer_reader body;
  CHECK(body.take_body(std::string(64 * 1024, 'x')));
  CHECK_FALSE(body.take_body("x"));
  CHECK(body.is_body_too_long());
  CHECK(body.text() == std::string(1024, 'x'));
}

TEST_CASE("any bytes are parsed, or are not") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  byte_source bytes(seed);
  const http::address_guard strict;
  const http::address_guard open(
      http::parse_networks({"0.0.0.0/0", "::/0"}).value());
  for (int i = 0; i < 20'000; ++i) {
    const auto text = bytes.next();
    const auto target = http::parse_webhook_url(text, strict, true);
    if (target && target->address)
      CHECK(http::is_public(*target->address));
    if (target)
      CHECK(http::parse_webhook_url(text, open, true));
    if (const auto address = http::parse_address(text))
      CHECK(http::parse_address(http::to_string(*address)) == address);
    if (const auto plain = http::from_base64(text))
      CHECK(http::to_base64(*plain) == text);
    static_cast<void>(http::parse_network(text));
    static_cast<void>(http::webhook_key("whsec_" + text));
    static_cast<void>(http::fault_of_headers({{text, text}}));
    if (const auto wait = parse_retry_after(text, now))
      CHECK((*wait >= seconds(0) && *wait <= seconds(86400)));
    http::answer_reader reader;
    static_cast<void>(reader.take_line(text));
    static_cast<void>(reader.take_body(text));
    CHECK(reader.text().size() <= text.size());
  }
}

} // namespace sluice::tests
