#include <catch2/catch.hpp>

#include "tools/ctl/exit_codes.hpp"
#include "tools/ctl/text.hpp"

using namespace sluice::tools;

TEST_CASE("what steers a terminal is written out") {
  CHECK(escaped("plain, \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") ==
        "plain, \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(escaped("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(escaped("\x1b[31mred\x7f") == "\\x1b[31mred\\x7f");
  CHECK(escaped(std::string_view("\0", 1)) == "\\x00");
  // C1, as UTF-8: a terminal may take it for ESC [.
  CHECK(escaped("\xc2\x9b"
                "31m") == "\\x9b31m");
  CHECK(escaped("abc\xe2\x80\xae"
                "def") == "abc\\u202edef");
  CHECK(escaped("\xe2\x80\x8b\xef\xbb\xbf") == "\\u200b\\ufeff");
}

TEST_CASE("bytes that are not UTF-8 are written out") {
  CHECK(escaped("a\xff"
                "b") == "a\\xffb");
  CHECK(escaped("\xc0\x9b") == "\\xc0\\x9b");
  CHECK(escaped("\xe2\x82") == "\\xe2\\x82");
  CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(escaped("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
}

TEST_CASE("columns are as wide as their widest cell") {
  CHECK(aligned({{"A", "BB", "C"}, {"aaa", "\xc3\xa4", ""}, {"x\ny"}}) ==
        "A     BB  C\naaa   \xc3\xa4\nx\\ny\n");
  CHECK(aligned({}).empty());
}

TEST_CASE("long numbers come in groups") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1 000");
  CHECK(grouped(1234567) == "1 234 567");
  CHECK(grouped(-123456) == "-123 456");
}

TEST_CASE("colours are only where there are colours") {
  CHECK(tinted("x", tint::bad, false) == "x");
  CHECK(tinted("x", tint::bad, true) == "\x1b[31mx\x1b[0m");
  CHECK(tinted("x", tint::none, true) == "x");
}

TEST_CASE("each end has its exit code") {
  using kind = sluice::actors::line_failure::kind;
  CHECK(exit_of_status(200) == ctl_exit::done);
  CHECK(exit_of_status(202) == ctl_exit::done);
  for (const int refused : {400, 404, 409, 422, 500, 503})
    CHECK(exit_of_status(refused) == ctl_exit::refused);
  CHECK(exit_of_status(401) == ctl_exit::unauthorised);
  CHECK(exit_of_status(403) == ctl_exit::unauthorised);
  CHECK(exit_of_status(504) == ctl_exit::timed_out);
  CHECK(static_cast<int>(exit_of(kind::other_version)) == 1);
  CHECK(static_cast<int>(exit_of(kind::unreachable)) == 3);
  CHECK(static_cast<int>(exit_of(kind::unauthorised)) == 4);
  CHECK(static_cast<int>(exit_of(kind::timed_out)) == 5);
}
