#include <catch2/catch.hpp>

#include <CLI/CLI.hpp>

#include "tools/ctl/completion.hpp"
#include "tools/ctl/manner.hpp"
#include "tools/ctl/verb_tree.hpp"

using namespace sluice::tools;
using words = std::vector<std::string>;

namespace {

struct completion_fixture {
  completion_fixture() {
    add_manner(app, how);
    add_verbs(tree);
  }

  words after(std::string_view line) const {
    return candidates(
        app, line,
        {.settings = {"log.level", "log.format"}, .parts = {"poller", "gate"}});
  }

  CLI::App app{"verbs"};
  manner how;
  verb_tree tree{app, [](const verb &, const verb_options &) {}};
};

bool has(const words &all, const std::string &one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

TEST_CASE_METHOD(completion_fixture, "verbs are completed") {
  CHECK(has(after(""), "status"));
  CHECK(has(after(""), "exit"));
  CHECK(after("sta") == words{"status"});
  CHECK(after("queue ") == words{"discard", "list", "requeue", "show"});
  CHECK(after("queue re") == words{"requeue"});
  CHECK(after("xyz").empty());
  CHECK(after("help mo") == words{"mode"});
}

TEST_CASE_METHOD(completion_fixture, "values of verbs are completed") {
  CHECK(after("mode ") == words{"async", "reject", "sync"});
  CHECK(after("mode s") == words{"sync"});
  CHECK(after("mode sync ").empty());
  CHECK(after("pause d") == words{"delivery"});
  CHECK(after("set log.l") == words{"log.level"});
  CHECK(after("unset ") == words{"log.format", "log.level"});
  CHECK(after("restart p") == words{"poller"});
}

TEST_CASE_METHOD(completion_fixture, "options are completed") {
  CHECK(after("mode sync --rea") == words{"--reason"});
  CHECK(has(after("mode sync --"), "--json"));
  CHECK(has(after("queue list --"), "--older-than"));
  CHECK(after("queue list --status q") == words{"quarantined"});
  // What stands behind --reason is nobody's to guess.
  CHECK(after("mode sync --reason ").empty());
  CHECK(after("pause --reason x p") == words{"processing"});
}

TEST_CASE("the common beginning of words") {
  CHECK(common_beginning({}).empty());
  CHECK(common_beginning({"abc"}) == "abc");
  CHECK(common_beginning({"abc", "abd", "ab"}) == "ab");
  CHECK(common_beginning({"abc", "x"}).empty());
}
