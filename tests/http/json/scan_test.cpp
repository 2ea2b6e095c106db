#include <catch2/catch.hpp>

#include <optional>

#include "http/in/json_scan.hpp"
#include "http/in/json_text.hpp"

using namespace sluice::http;
using namespace std::string_literals;

namespace {

std::optional<json_errc> fault_of(std::string_view text) {
  json_scanner scanner;
  const auto found = scanner.scan(text);
  return found ? std::nullopt : std::optional(found.error().code);
}

bool is_taken(std::string_view text) {
  return !fault_of(text);
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

/// An object with this many members of different names.
std::string members(std::size_t count) {
  std::string out = "{";
  for (std::size_t i = 0; i < count; ++i)
    out += (i > 0 ? "," : "") + ("\"m" + std::to_string(i) + "\":1");
  return out + "}";
}

} // namespace

TEST_CASE("JSON values of every kind are taken", "[json]") {
  for (const auto *text :
       {"null", "true", "false", "0", "-0", "12.5e-3", "1E+2", "\"\"", "[]",
        "{}", " \t\r\n{ \"a\" : [ 1 , {} , [] ] } ", R"("\"\\\/\b\f\n\r\té")",
        R"("\ud83d\ude00")", "\"\xC3\xA9\xF0\x9F\x98\x80\"",
        "123456789012345678901234567890",
        R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"}) {
    INFO(text);
    CHECK(is_taken(text));
  }
}

TEST_CASE("what is not RFC 8259 is refused as syntax", "[json]") {
  for (const auto &text : {""s,
                           " "s,
                           "{"s,
                           "["s,
                           "\""s,
                           "{\"a\""s,
                           "{\"a\":"s,
                           "{\"a\":1"s,
                           "{\"a\":1,}"s,
                           "{,}"s,
                           "{1:2}"s,
                           "[1,]"s,
                           "[,1]"s,
                           "[1 2]"s,
                           "{} x"s,
                           "{}\0"s,
                           "{}{}"s,
                           "]"s,
                           "[}"s,
                           "{]"s,
                           "NaN"s,
                           "Infinity"s,
                           "-Infinity"s,
                           "01"s,
                           "+1"s,
                           ".5"s,
                           "1."s,
                           "1e"s,
                           "1e+"s,
                           "-"s,
                           "--1"s,
                           "0x1"s,
                           "tru"s,
                           "truex"s,
                           "nul"s,
                           "True"s,
                           "'a'"s,
                           "\"\n\""s,
                           "\"\x1f\""s,
                           "\"\\x\""s,
                           "\"\\u12\""s,
                           "\"\\u12g4\""s,
                           "\"\\"s,
                           "\"\\ud800\""s,
                           "\"\\udc00\""s,
                           "\"\\ud800\\ud800\""s,
                           "\"\\ud800x\""s,
                           "\"\\ud800\\n\""s,
                           "/*c*/1"s,
                           "1//c"s,
                           "\f1"s,
                           "\xC2\xA0"s + "1",
                           "{}\0\0"s,
                           "\"\0\""s}) {
    INFO(text);
    CHECK(fault_of(text) == json_errc::syntax);
  }
}

TEST_CASE("what is not UTF-8 is refused as encoding", "[json]") {
  for (const auto &text : {"\xEF\xBB\xBF{}"s,
                           "\xFE\xFF\0{\0}"s,
                           "\xFF\xFE{\0}\0"s,
                           "{\0}\0"s,
                           "\0{\0}"s,
                           "{\0\0\0}\0\0\0"s,
                           "\0\0\0{\0\0\0}"s,
                           "\"\xC3\x28\""s,
                           "\"\xC3\""s,
                           "\"\xC0\x80\""s,
                           "\"\xC1\xBF\""s,
                           "\"\xE0\x80\x80\""s,
                           "\"\xE0\x9F\xBF\""s,
                           "\"\xF0\x80\x80\x80\""s,
                           "\"\xED\xA0\x80\""s,
                           "\"\xED\xBF\xBF\""s,
                           "\"\xF4\x90\x80\x80\""s,
                           "\"\xF5\x80\x80\x80\""s,
                           "\"\x80\""s,
                           "\"\xFF\""s,
                           "\"\xE2\x82\""s,
                           "\"\xE2\x82"s,
                           "{\"\xFF\":1}"s,
                           "[\xFF]"s,
                           "{} \x80"s}) {
    INFO(text);
    CHECK(fault_of(text) == json_errc::encoding);
  }
}

TEST_CASE("the bounds of every UTF-8 length are taken", "[json]") {
  for (const auto *text :
       {"\"\x7F\"", "\"\xC2\x80\"", "\"\xDF\xBF\"", "\"\xE0\xA0\x80\"",
        "\"\xED\x9F\xBF\"", "\"\xEE\x80\x80\"", "\"\xEF\xBF\xBF\"",
        "\"\xF0\x90\x80\x80\"", "\"\xF4\x8F\xBF\xBF\""})
    CHECK(is_taken(text));
}

TEST_CASE("a special byte is found at every place of a long string", "[json]") {
  for (std::size_t place = 0; place < 40; ++place) {
    std::string inside(40, 'x');
    CHECK(is_taken('"' + inside + '"'));
    inside[place] = '\x1F';
    CHECK(fault_of('"' + inside + '"') == json_errc::syntax);
    inside[place] = '\xFF';
    CHECK(fault_of('"' + inside + '"') == json_errc::encoding);
    inside[place] = '"';
    CHECK(fault_of('"' + inside + '"') == json_errc::syntax);
  }
}

TEST_CASE("nesting is taken to the limit and not beyond", "[json]") {
  CHECK(is_taken(repeat("[", 64) + repeat("]", 64)));
  CHECK(fault_of(repeat("[", 65) + repeat("]", 65)) == json_errc::too_deep);
  CHECK(is_taken(repeat("{\"a\":", 63) + "{}" + repeat("}", 63)));
  CHECK(fault_of(repeat("{\"a\":", 64) + "{}" + repeat("}", 64)) ==
        json_errc::too_deep);
  CHECK(fault_of(repeat("[", 100'000)) == json_errc::too_deep);
}

TEST_CASE("members and elements are counted together", "[json]") {
  CHECK(is_taken(members(10'000)));
  CHECK(fault_of(members(10'001)) == json_errc::too_many_members);
  CHECK(is_taken("[1" + repeat(",1", 9'999) + "]"));
  CHECK(fault_of("[1" + repeat(",1", 10'000) + "]") ==
        json_errc::too_many_members);
  CHECK(fault_of("{\"a\":[1" + repeat(",1", 9'999) + "]}") ==
        json_errc::too_many_members);
}

TEST_CASE("a name that an object has twice is refused and named", "[json]") {
  json_scanner scanner;
  const auto found = scanner.scan(R"({"p":{"b\u0061d":1,"x":{},"bad":2}})");
  REQUIRE_FALSE(found);
  CHECK(found.error().code == json_errc::duplicate_member);
  CHECK(found.error().name == "bad");
  CHECK(found.error().offset == 26);
  CHECK(fault_of(R"({"a":1,"a":1})") == json_errc::duplicate_member);
  CHECK(fault_of(R"({"":1,"":1})") == json_errc::duplicate_member);
  CHECK(fault_of("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":1}") ==
        json_errc::duplicate_member);
  CHECK(fault_of(R"([{"a":[{"b":1,"b":1}]}])") == json_errc::duplicate_member);
  std::string many = members(9'000);
  many.back() = ',';
  CHECK(fault_of(many + "\"m4711\":1}") == json_errc::duplicate_member);
}

TEST_CASE("names that only look alike are different", "[json]") {
  CHECK(is_taken(R"({"a":1,"A":1,"a ":1,"aa":1,"":1})"));
  // Composed and decomposed: no normalization.
  CHECK(is_taken("{\"\xC3\xA1\":1,\"a\xCC\x81\":1}"));
  CHECK(is_taken(R"({"12345678":1,"1234567":1,"123456789":1})"));
}

TEST_CASE("U+0000 is refused wherever it is escaped", "[json]") {
  CHECK(fault_of(R"({"a":"x\u0000"})") == json_errc::nul_character);
  CHECK(fault_of(R"({"\u0000":1})") == json_errc::nul_character);
  CHECK(is_taken(R"("\\u0000")"));
}

TEST_CASE("numbers are taken as far as a double reaches", "[json]") {
  for (const auto &text :
       {"1e308"s, "1.7976931348623157e308"s, "-1.7976931348623157e308"s,
        "1e-400"s, "0e99999999999999999999"s, "0.000e400"s,
        "0." + repeat("0", 500) + "1e800", "1" + repeat("0", 308),
        "1" + repeat("0", 500) + "e-500", "1e-99999999999999999999999"s}) {
    INFO(text);
    CHECK(is_taken(text));
  }
  for (const auto &text : {"1e400"s, "-1e309"s, "1.7976931348623159e308"s,
                           "1e99999999999999999999"s, "1" + repeat("0", 309),
                           "0.0001e313"s, "[1e400]"s}) {
    INFO(text);
    CHECK(fault_of(text) == json_errc::number_out_of_range);
  }
}

TEST_CASE("the members of the outermost object are reported", "[json]") {
  json_scanner scanner;
  const auto found = scanner.scan(
      R"( {"a" : "x", "b\n":[1, {"c":2}] ,"d":{"e" : null },"f":-1e2} )");
  REQUIRE(found);
  CHECK(found->kind == json_kind::object);
  CHECK(found->text.front() == '{');
  CHECK(found->text.back() == '}');
  REQUIRE(found->members.size() == 4);
  CHECK(found->members[0].text == "\"x\"");
  CHECK(found->members[1].name == "b\\n");
  CHECK(found->members[1].name_has_escapes);
  CHECK(found->members[1].kind == json_kind::array);
  CHECK(found->members[1].text == R"([1, {"c":2}])");
  CHECK(found->members[2].kind == json_kind::object);
  CHECK(found->members[2].text == R"({"e" : null })");
  CHECK(found->members[3].kind == json_kind::number);
  CHECK(found->members[3].text == "-1e2");
}

TEST_CASE("an array gives each element its own verdict", "[json]") {
  json_scanner scanner;
  std::vector<std::string> seen;
  const auto whole = scanner.scan_array(
      R"([{"a":1}, {"b":1,"b":2} ,"x", [[1e999]],)" + repeat("[", 70) +
          repeat("]", 70) + R"(,{"c":{"d":3}}])",
      [&seen](const json_scanner::scanned &element) {
        seen.push_back(element ? std::string(element->text)
                               : "fault at " +
                                     std::to_string(element.error().offset));
        return true;
      });
  CHECK(whole);
  CHECK(seen == std::vector<std::string>{R"({"a":1})", "fault at 17", "\"x\"",
                                         "fault at 32", "fault at 104",
                                         R"({"c":{"d":3}})"});
}

TEST_CASE("an array that is not JSON is refused as a whole", "[json]") {
  json_scanner scanner;
  auto fault = [&scanner](std::string_view text) {
    const auto whole =
        scanner.scan_array(text, [](const auto &) { return true; });
    return whole ? std::nullopt : std::optional(whole.error().code);
  };
  CHECK(fault("[]") == std::nullopt);
  CHECK(fault(" [ ] ") == std::nullopt);
  CHECK(fault("{}") == json_errc::not_an_array);
  CHECK(fault("") == json_errc::syntax);
  CHECK(fault("[1,]") == json_errc::syntax);
  CHECK(fault("[1") == json_errc::syntax);
  CHECK(fault("[1] x") == json_errc::syntax);
  CHECK(fault("[1 2]") == json_errc::syntax);
  CHECK(fault("["s + '\0' + "]" + '\0') == json_errc::encoding);
  CHECK(fault("\xEF\xBB\xBF[]") == json_errc::encoding);
  CHECK(fault("[" + repeat("[", 1'000'000)) == json_errc::too_deep);
}

TEST_CASE("unescaping gives the characters that were meant", "[json]") {
  CHECK(json_unescape(R"(a\"\\\/\b\f\n\r\tz)") == "a\"\\/\b\f\n\r\tz");
  CHECK(json_unescape(R"(\u0041\u00e9\u20AC\ud83d\ude00)") ==
        "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}
