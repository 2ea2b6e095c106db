#include "http/out/webhook_url.hpp"

#include <catch2/catch.hpp>

namespace sluice::tests {

namespace {

using http::address_guard;
using http::parse_webhook_url;
using http::url_fault;

const address_guard strict;

address_guard allowing(const std::vector<std::string> &networks) {
  return address_guard(http::parse_networks(networks).value());
}

/// `ok`, `invalid` or `blocked`.
std::string verdict(std::string_view url, const address_guard &guard = strict,
                    bool allows_http = false) {
  const auto target = parse_webhook_url(url, guard, allows_http);
  if (target)
    return "ok";
  return target.error().what == url_fault::kind::invalid ? "invalid"
                                                         : "blocked";
}

} // namespace

TEST_CASE("URLs that are taken") {
  for (const auto *url : {"https://example.com",
                          "https://example.com/",
                          "https://example.com?a=b",
                          "https://example.com/hook?x=1&y=%20",
                          "HTTPS://EXAMPLE.COM/Hook",
                          "https://example.com:443/",
                          "https://example.com:8443/a/../b",
                          "https://xn--bcher-kva.example/",
                          "https://a_b.example.com/",
                          "https://1password.com/",
                          "https://8.8.8.8/",
                          "https://8.8.8.8:8443/",
                          "https://[2606:4700::1111]/",
                          "https://[2606:4700::1111]:8443/x",
                          "https://[::ffff:8.8.8.8]/",
                          "https://example.com//double",
                          "https://example.com/a@b",
                          "https://example.com/?u=http://x@y",
                          "https://0x.example.com/",
                          "https://example.c0m/"}) {
    CAPTURE(url);
    CHECK(verdict(url) == "ok");
  }
}

TEST_CASE("a target has the parts of its URL") {
  const auto target =
      parse_webhook_url("https://Hooks.Example.com:8443/x?y", strict, false)
          .value();
  CHECK(target.is_tls);
  CHECK(target.host == "hooks.example.com");
  CHECK(target.port == 8443);
  CHECK_FALSE(target.address);
  const auto literal =
      parse_webhook_url("https://[2606:4700::1111]", strict, false).value();
  CHECK(literal.host == "2606:4700::1111");
  CHECK(literal.port == 443);
  CHECK(literal.address == http::parse_address("2606:4700::1111"));
}

TEST_CASE("URLs that are none, or not of the kind that is taken") {
  for (const auto *url :
       {"", "example.com", "//example.com", "https:", "https:/", "https://",
        "https:///", "https:example.com", "https:/example.com",
        "https:///example.com", "https://:443/", "https://?a", "ftp://a.com/",
        "file:///etc/passwd", "gopher://a.com/", "javascript:alert(1)",
        "httpss://a.com", "http://example.com/", "https ://a.com",
        " https://a.com/", "https://a.com/ ", "https://a.com/a b",
        "https://a.com/\t", "https://a.com/\r\nX: y", "https://a.com/\x7f",
        "https://a.com/#top", "https://a.com#@b.com/", "https://u@a.com/",
        "https://u:p@a.com/", "https://@a.com/", "https://a.com@127.0.0.1/",
        "https://a.com:80@b.com/", "https://a.com\\@b.com/", "https://a.com\\b",
        "https://\xC3\xBC.example/", "https://a.com/\xC3\xBC",
        "https://a.com./", "https://a..com/", "https://.a.com/",
        "https://-a.com/", "https://a-.com/", "https://a%2ecom/",
        "https://a.com%00.b.com/", "https://a,b.com/", "https://a*b.com/",
        "https://a!b.com/", "https://a.com:/", "https://a.com:0/",
        "https://a.com:00443/", "https://a.com:65536/",
        "https://a.com:99999999999/", "https://a.com:-1/",
        "https://a.com:+443/", "https://a.com:443a/", "https://a.com:443:443/",
        "https://a.com: 443/", "https://a.com:22/", "https://a.com:80/",
        "https://a.com:8080/", "https://8.8.8.8:25/",
        // Other spellings of addresses.
        "https://127.1/", "https://127.0.1/", "https://2130706433/",
        "https://0x7f000001/", "https://0x7F.0.0.1/", "https://0x7f.1/",
        "https://0177.0.0.1/", "https://017700000001/", "https://127.0.0.01/",
        "https://127.0.0.1./", "https://8.8.8.8./", "https://8.8.2056/",
        "https://08.8.8.8/", "https://0x8.8.8.8/", "https://256.1.1.1/",
        "https://1.2.3.4.5/", "https://a.1/", "https://a.0x1/", "https://0/",
        "https://[127.0.0.1]/", "https://[8.8.8.8]/", "https://[::1/",
        "https://[::1]x/", "https://[::1]443/", "https://::1/",
        "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:7f00:1]/",
        "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[]/",
        "https://[v1.a]/", "https://\xE2\x91\xA0.1.1.1/"}) {
    CAPTURE(url);
    CHECK(verdict(url) == "invalid");
  }
  CHECK(verdict("https://a.com/" + std::string(2034, 'a')) == "ok");
  CHECK(verdict("https://a.com/" + std::string(2035, 'a')) == "invalid");
  CHECK(verdict("https://" + std::string(64, 'a') + ".com/") == "invalid");
  CHECK(verdict(std::string_view("https://a.com/\0b", 16)) == "invalid");
}

TEST_CASE("URLs that are blocked, all with one text") {
  for (const auto *url : {"https://127.0.0.1/",
                          "https://10.0.0.1/",
                          "https://10.0.0.1:22/",
                          "https://169.254.169.254/latest/meta-data/",
                          "https://192.168.1.1/",
                          "https://100.100.100.200/",
                          "https://0.0.0.0/",
                          "https://224.0.0.1/",
                          "https://255.255.255.255/",
                          "https://[::]/",
                          "https://[::1]/",
                          "https://[::ffff:127.0.0.1]/",
                          "https://[::FFFF:10.0.0.1]/",
                          "https://[64:ff9b::7f00:1]/",
                          "https://[2002:7f00:1::]/",
                          "https://[fd00:ec2::254]/",
                          "https://[fe80::1]/",
                          "https://localhost/",
                          "https://LOCALHOST/",
                          "https://a.localhost/",
                          "https://localhost:22/",
                          "https://db/",
                          "https://postgres:5432/",
                          "https://printer.local/",
                          "https://metadata.google.internal/",
                          "https://internal/",
                          "http://127.0.0.1/",
                          "http://localhost/"}) {
    CAPTURE(url);
    const auto target = parse_webhook_url(url, strict, false);
    REQUIRE_FALSE(target);
    CHECK(target.error().what == url_fault::kind::blocked);
    CHECK(target.error().text == http::blocked_text);
  }
}

TEST_CASE("an allowed network is sent to at any port, and without TLS") {
  const auto guard = allowing({"127.0.0.0/8", "fd00::/8"});
  for (const auto *url :
       {"http://127.0.0.1/", "http://127.0.0.1:9000/", "https://127.0.0.1:1/",
        "http://[fd00::1]:8080/", "http://localhost:9000/",
        "https://a.localhost:65535/", "http://receiver:8080/",
        "https://hooks.internal:9000/", "https://example.com:9000/"}) {
    CAPTURE(url);
    CHECK(verdict(url, guard) == "ok");
  }
  CHECK(verdict("http://example.com/", guard) == "invalid");
  CHECK(verdict("https://quick.drill.invalid/", guard) == "invalid");
  CHECK(verdict("https://QUICK.DRILL.INVALID/", guard) == "invalid");
  CHECK(verdict("http://8.8.8.8/", guard) == "invalid");
  CHECK(verdict("https://8.8.8.8:9000/", guard) == "invalid");
  CHECK(verdict("http://10.0.0.1/", guard) == "blocked");
  CHECK(verdict("http://127.1/", guard) == "invalid");
  CHECK(verdict("http://localhost/", allowing({"fd00::/8"})) == "blocked");
}

TEST_CASE("plain HTTP, where it is allowed") {
  for (const auto *url : {"http://example.com/", "http://example.com:80/",
                          "http://8.8.8.8/", "http://a.com:8443/"})
    CHECK(verdict(url, strict, true) == "ok");
  CHECK(verdict("http://example.com:8080/", strict, true) == "invalid");
  CHECK(verdict("https://example.com:80/", strict, true) == "invalid");
  CHECK(verdict("http://127.0.0.1/", strict, true) == "blocked");
}

TEST_CASE("an address that was found is judged with its port and scheme") {
  const auto guard = allowing({"10.0.0.0/8"});
  const auto inside = http::parse_address("10.0.0.1").value();
  const auto outside = http::parse_address("8.8.8.8").value();
  const auto odd =
      parse_webhook_url("https://example.com:9000/", guard, false).value();
  CHECK(allows_found(odd, inside, guard, false));
  CHECK_FALSE(allows_found(odd, outside, guard, false));
  const auto plain =
      parse_webhook_url("http://hooks.internal/", guard, false).value();
  CHECK(allows_found(plain, inside, guard, false));
  CHECK_FALSE(allows_found(plain, outside, guard, false));
  CHECK(allows_found(plain, outside, guard, true));
}

TEST_CASE("headers that are taken") {
  CHECK_FALSE(http::fault_of_headers({}));
  CHECK_FALSE(http::fault_of_headers({{"Authorization", "Bearer a.b-c_d=="},
                                      {"X-Api-Key", "k; v, \"w\""},
                                      {"x!#$%&'*+-.^_`|~9", "1"}}));
}

TEST_CASE("headers that are refused") {
  for (const auto *name : {"",
                           " ",
                           "a b",
                           "a:",
                           "a\r\nb",
                           "a\n",
                           "a\tb",
                           "a(b)",
                           "\xC3\xA4",
                           "Host",
                           "HOST",
                           "content-length",
                           "Content-Type",
                           "Content-Encoding",
                           "Transfer-Encoding",
                           "Connection",
                           "Keep-Alive",
                           "Expect",
                           "TE",
                           "Trailer",
                           "Upgrade",
                           "User-Agent",
                           "Cookie",
                           "Accept-Encoding",
                           "webhook-id",
                           "Webhook-Signature",
                           "webhook-anything",
                           "Proxy-Authorization",
                           "X-Forwarded-For",
                           "Forwarded",
                           "Via",
                           "Metadata-Flavor",
                           "X-aws-ec2-metadata-token",
                           "HTTP2-Settings"}) {
    CAPTURE(name);
    CHECK(http::fault_of_headers({{name, "v"}}));
  }
  for (const auto *value : {"", " ", " a", "a ", "a\r\nB: c", "a\nb", "a\rb",
                            "a\tb", "\x7f", "\xC3\xA4", "\x01"}) {
    CAPTURE(value);
    CHECK(http::fault_of_headers({{"X-A", value}}));
  }
  CHECK(http::fault_of_headers({{"X-A", std::string("a\0b", 3)}}));
  CHECK(http::fault_of_headers({{"X-A", "1"}, {"x-a", "2"}}));
}

TEST_CASE("headers have a number and a size") {
  std::vector<db::header_line> headers;
  for (int i = 0; i < 20; ++i)
    headers.push_back({"X-" + std::to_string(i), "v"});
  CHECK_FALSE(http::fault_of_headers(headers));
  headers.push_back({"X-20", "v"});
  CHECK(http::fault_of_headers(headers));
  CHECK_FALSE(http::fault_of_headers({{"X-A", std::string(4093, 'v')}}));
  CHECK(http::fault_of_headers({{"X-A", std::string(4094, 'v')}}));
}

} // namespace sluice::tests
