#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/in/json_scan.hpp"

using namespace sluice::http;
using namespace std::string_literals;

namespace {

const std::vector<std::string> &corpus() {
  static const std::vector<std::string> texts = {
      R"({"type":"order.created","payload":{"id":12,"n":[1,2.5,-3e4]}})",
      R"({"a":"\u00e9\ud83d\ude00\n","b":[true,false,null,{"c":{}}]})",
      R"([0,-0,1e5,1E-5,0.1,123456789012345678901234567890,"x"])",
      "{\"\xC3\xA9\":\"\xE2\x82\xAC\xF0\x9F\x98\x80\",\"k\":[[],[[]],{}]}",
      R"("plain text that is longer than eight bytes \\ \" end")",
      R"({"a":1e308,"b":-1e308,"c":1e-308,"d":"\ud800\udc00"})",
      "  [ 1 ,\n\t2 , { \"x\" : \"y\" } ]\r\n",
      R"({"one":1,"two":2,"three":{"one":1,"two":{"one":1}}})",
  };
  return texts;
}

/// Whether PostgreSQL's `text` takes it: no NUL (UTF-8 is nlohmann's matter).
bool has_nul(const std::string &text) {
  return text.find('\0') != std::string::npos;
}

bool is_taken_by_nlohmann(const std::string &text) {
  return nlohmann::json::accept(text) &&
         !nlohmann::json::parse(text, nullptr, false).is_discarded();
}

/// Faults that JSON parsers do not see: here the scanner is stricter.
bool is_beyond_grammar(json_errc code) {
  switch (code) {
  case json_errc::too_deep:
  case json_errc::too_many_members:
  case json_errc::duplicate_member:
  case json_errc::nul_character:
    return true;
  case json_errc::encoding:
  case json_errc::syntax:
  case json_errc::not_an_array:
  case json_errc::number_out_of_range:
    return false;
  }
  return false;
}

/// Nlohmann takes a byte order mark, and a NUL for the text's end.
bool is_known_laxity(const std::string &text) {
  return text.starts_with("\xEF\xBB\xBF") || has_nul(text);
}

class mutator {
public:
  explicit mutator(unsigned seed) : random_(seed) {}

  std::string next() {
    std::string text = corpus()[pick(corpus().size())];
    for (std::size_t n = pick(4); n > 0 && !text.empty(); --n)
      change(text);
    return text;
  }

private:
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

  char byte() {
    static const std::string likely =
        "{}[]\",:\\0123456789.eE+-truefalsnb/ \n\t\x1F\x7F\xC3\xA9\xE2\xED\xF4"s +
        '\0';
    return pick(4) > 0 ? likely[pick(likely.size())]
                       : static_cast<char>(pick(256));
  }

  void change(std::string &text) {
    const std::size_t at = pick(text.size());
    switch (pick(6)) {
    case 0:
      text[at] = byte();
      break;
    case 1:
      text.insert(at, 1, byte());
      break;
    case 2:
      text.erase(at, 1 + pick(3));
      break;
    case 3:
      text.resize(at);
      break;
    case 4: {
      const std::string &other = corpus()[pick(corpus().size())];
      text.insert(at, other.substr(pick(other.size()), 1 + pick(12)));
      break;
    }
    default:
      text += text.substr(at);
      break;
    }
  }

  std::mt19937 random_;
};

/// Nothing when both agree, as far as they should.
std::string disagreement(json_scanner &scanner, const std::string &text) {
  const auto mine = scanner.scan(text);
  const bool theirs = is_taken_by_nlohmann(text);
  if (mine && (!theirs || has_nul(text)))
    return "taken here, refused there: " + text;
  if (!mine && theirs && !is_beyond_grammar(mine.error().code) &&
      !is_known_laxity(text))
    return "refused here, taken there: " + text;
  return {};
}

} // namespace

TEST_CASE("the scanner and nlohmann agree on mutated JSON", "[json]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  mutator texts(seed);
  json_scanner scanner;
  std::string first;
  int taken = 0;
  for (int i = 0; i < 20'000 && first.empty(); ++i) {
    const std::string text = texts.next();
    first = disagreement(scanner, text);
    taken += scanner.scan(text) ? 1 : 0;
  }
  CHECK(first.empty());
  CHECK(first == "");
  CHECK(taken > 100);
}

TEST_CASE("members are what nlohmann reads", "[json]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  mutator texts(seed);
  json_scanner scanner;
  int wrong = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = texts.next();
    const auto found = scanner.scan(text);
    if (!found || found->kind != json_kind::object)
      continue;
    const auto tree = nlohmann::json::parse(text);
    wrong += tree.size() == found->members.size() ? 0 : 1;
    for (const auto &member : found->members) {
      const auto name =
          nlohmann::json::parse('"' + std::string(member.name) + '"');
      const auto value = nlohmann::json::parse(member.text);
      wrong += tree.at(name.get<std::string>()) == value ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}
