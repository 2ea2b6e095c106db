#include <string>

#include <catch2/catch.hpp>

#include "config/text_checks.hpp"

namespace sluice::tests {

using namespace config;

TEST_CASE("addresses that can be listened on are fine") {
  for (auto text : {"127.0.0.1:4000", "localhost:0", "0.0.0.0:65535",
                    "[::1]:80", "[fe80::1.2.3.4]:80", "my-host.example:1"}) {
    CAPTURE(text);
    CHECK(check_address(text).empty());
  }
}

TEST_CASE("other addresses are refused") {
  for (auto text :
       {"nonsense", "4000", ":4000", "host:", "host:x", "host:65536", "host:-1",
        "host:+1", "host:000080", "::1:80", "[]:80", "[zz]:80", "a b:80",
        "http://a:80", "h\xc3\xb6st:80", "host:80 "}) {
    CAPTURE(text);
    CHECK_FALSE(check_address(text).empty());
  }
}

TEST_CASE("store URLs name one of the two stores") {
  CHECK(check_store_url("sqlite:data/sluice.db").empty());
  CHECK(check_store_url("sqlite:/home/j\xc3\xb6rg/my db").empty());
  CHECK(check_store_url("postgresql://u:p@h1,h2/db?sslmode=require").empty());
  CHECK(check_store_url("postgres://h/db").empty());
  CHECK_FALSE(check_store_url("mysql://u:canary@h/db").empty());
  CHECK_FALSE(check_store_url("sqlite:").empty());
  CHECK_FALSE(check_store_url("postgresql://").empty());
  CHECK_FALSE(check_store_url("sqlite:a\nb").empty());
  CHECK_FALSE(check_store_url("sqlite:\xff").empty());
  CHECK(check_store_url("mysql://u:canary@h/db").find("canary") ==
        std::string::npos);
}

TEST_CASE("names and secrets have their alphabets and lengths") {
  CHECK(check_name("node-1.example:4000").empty());
  CHECK_FALSE(check_name("a b").empty());
  CHECK_FALSE(check_name(std::string(101, 'a')).empty());
  CHECK(check_secret("0123456789abcde~").empty());
  CHECK_FALSE(check_secret("0123456789abcde").empty());
  CHECK_FALSE(check_secret("0123456789 abcdef").empty());
  CHECK_FALSE(check_secret("0123456789abcdef\xc3\xa4").empty());
  CHECK_FALSE(check_secret(std::string(1001, 'a')).empty());
}

TEST_CASE("only well-formed UTF-8 is UTF-8") {
  for (auto text : {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                    "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"}) {
    CAPTURE(text);
    CHECK(is_utf8(text));
  }
  for (auto text :
       {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xe2\x82", "\xe2\x28\xa1", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xf0\x9f\x98", "a\xc3"}) {
    CAPTURE(text);
    CHECK_FALSE(is_utf8(text));
  }
}

TEST_CASE("the password of a store URL is hidden") {
  CHECK(without_password("sqlite:data/a@b:c") == "sqlite:data/a@b:c");
  CHECK(without_password("postgresql://h:5432/db") == "postgresql://h:5432/db");
  CHECK(without_password("postgresql://u@h/db") == "postgresql://u@h/db");
  CHECK(without_password("postgresql://u:p@h/db") == "postgresql://u:***@h/db");
  CHECK(
      without_password("postgresql://h/db?sslmode=require&password=p&user=u") ==
      "postgresql://h/db?sslmode=require&password=***&user=u");
}

TEST_CASE("no way to write a password shows it") {
  for (auto text : {
           "postgresql://u:canary@h/db",
           "postgresql://u:x@canary@h/db",
           "postgresql://u:x/canary@h/db",
           "postgresql://u:x?canary@h/db",
           "postgresql://u:x:canary@h1:1,h2:2/db",
           "postgresql://:canary@/db",
           "postgresql:///db?password=canary",
           "postgresql:///db?PASSWORD=canary",
           "postgresql:///db?pass%77ord=canary",
           "postgresql:///db?a=b&sslpassword=canary",
           "postgresql:///db?scram_client_key=canary",
       }) {
    CAPTURE(text);
    CHECK(without_password(text).find("canary") == std::string::npos);
  }
}

TEST_CASE("a list of durations is checked word by word") {
  for (auto text : {"5s", "5s 5m 30m 2h 5h 10h 10h", " 1ms  30d "}) {
    CAPTURE(text);
    CHECK(check_durations(text).empty());
  }
  for (auto text : {"", " ", "5", "5s,5m", "0ms", "-1s", "31d", "5s\t5m"}) {
    CAPTURE(text);
    CHECK_FALSE(check_durations(text).empty());
  }
  std::string many;
  for (int word = 0; word < 51; ++word)
    many += "1s ";
  CHECK_FALSE(check_durations(many).empty());
}

TEST_CASE("a network has an address, and no bit behind those that count") {
  for (auto text : {"none", "127.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0",
                    "::1/128 fd00::/8", "::/0", "192.168.0.0/17"}) {
    CAPTURE(text);
    CHECK(check_networks(text).empty());
  }
  for (auto text :
       {"", "127.0.0.1", "127.0.0.1/8", "127.1/8", "10.0.0.0/33", "10.0.0.0/-1",
        "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/0008", "fd00::1/8", "::/129",
        "::ffff:10.0.0.1/95", "localhost/8", "10.0.0.0/8,11.0.0.0/8",
        "none 10.0.0.0/8", "10.0.0.0/8 /8"}) {
    CAPTURE(text);
    CHECK_FALSE(check_networks(text).empty());
  }
}

TEST_CASE("blanks stand between words") {
  CHECK(words_of("").empty());
  CHECK(words_of("  a  bc ") == std::vector<std::string>{"a", "bc"});
}

} // namespace sluice::tests
