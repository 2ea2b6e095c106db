#include <catch2/catch.hpp>

#include <fstream>

#include <sys/stat.h>

#include "tests/support/temporary_folder.hpp"
#include "tools/ctl/history_file.hpp"
#include "tools/ctl/interactive.hpp"
#include "tools/ctl/line_words.hpp"

using namespace sluice::tools;
using words = std::vector<std::string>;

namespace {

words split(std::string_view line) {
  return split_line(line).value();
}

} // namespace

TEST_CASE("a line is split as a shell would split it") {
  CHECK(split("") == words{});
  CHECK(split("  mode\tsync  ") == words{"mode", "sync"});
  CHECK(split("mode sync --reason 'a b'") ==
        words{"mode", "sync", "--reason", "a b"});
  CHECK(split(R"(a "b 'c' \" d" e\ f '\')") ==
        words{"a", "b 'c' \" d", "e f", "\\"});
  CHECK(split("a '' b") == words{"a", "", "b"});
  CHECK(split("status # how is it") == words{"status"});
  CHECK(split("a#b") == words{"a#b"});
  CHECK_FALSE(split_line("mode 'sync"));
  CHECK_FALSE(split_line("mode \"sync"));
  CHECK_FALSE(split_line("mode \\"));
}

TEST_CASE("a begun line has its last word apart") {
  CHECK(split_begun("mode sy").last == "sy");
  CHECK(split_begun("mode sy").words == words{"mode"});
  CHECK(split_begun("mode ").last.empty());
  CHECK(split_begun("mode ").words == words{"mode"});
  CHECK(split_begun("a 'b c").last == "b c");
}

TEST_CASE("the prompt says how the service is") {
  CHECK(prompt_of(json::parse(R"({"mode":"async","processing":"running",
                                  "queue":{"pending":1200}})")) ==
        "sluice async/running 1 200 waiting> ");
  CHECK(prompt_of(nullptr) == "sluice (no connection)> ");
  CHECK(prompt_of(json::parse(R"({"mode":"\u001b[2J"})")).find('\x1b') ==
        std::string::npos);
}

TEST_CASE("lines with secrets are not written down") {
  CHECK(may_be_kept("mode sync"));
  CHECK_FALSE(may_be_kept("set auth.admin_token hush"));
  CHECK_FALSE(may_be_kept("set store.url postgresql://u:hush@h/d"));
  CHECK_FALSE(may_be_kept(" mode sync"));
  CHECK_FALSE(may_be_kept(""));
}

TEST_CASE("the history is its owner's alone, and survives") {
  const sluice::tests::temporary_folder folder;
  const auto path = folder.path() / "sluice" / "console_history";
  {
    history_file history(path);
    for (const auto *line : {"one", "two", "two", "set auth.admin_token x"})
      history.add(line);
  }
  struct stat found {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(history_file(path).lines() == words{"one", "two"});
  CHECK(history_file(path, 1).lines() == words{"two"});
  // One that others could read is closed to them.
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  history_file(path).add("three");
  REQUIRE(stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a history that became long is cut") {
  const sluice::tests::temporary_folder folder;
  const auto path = folder.path() / "history";
  {
    std::ofstream file(path);
    for (int line = 0; line < 50; ++line)
      file << line << '\n';
  }
  CHECK(history_file(path, 10).lines().size() == 10);
  std::ifstream file(path);
  std::string first;
  std::getline(file, first);
  CHECK(first == "40");
}

TEST_CASE("without a home there is no history, and no fault") {
  history_file history({});
  history.add("one");
  CHECK(history.lines().empty());
}
