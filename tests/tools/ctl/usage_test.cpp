#include "tools/ctl/usage.hpp"

#include <catch2/catch.hpp>

#include <CLI/CLI.hpp>

#include "tools/ctl/network_use.hpp"
#include "tools/ctl/verb_tree.hpp"

using namespace sluice::tools;
using words = std::vector<std::string>;

namespace {

/// What is wrong with the words; empty: nothing.
std::string fault_of(CLI::App &app, words said) {
  std::reverse(said.begin(), said.end());
  try {
    app.parse(said);
  } catch (const CLI::ParseError &wrong) {
    return usage_message(&app, wrong);
  }
  return {};
}

std::string fault_of_line(const words &said) {
  CLI::App app("orders", "");
  app.require_subcommand(1);
  verb_tree tree(app, [](const verb &, const verb_options &) {});
  add_verbs(tree);
  return fault_of(app, said);
}

std::string fault_of_command(const words &said) {
  CLI::App app("program", "sluice");
  app.require_subcommand(1);
  auto *ctl = app.add_subcommand("ctl", "orders");
  ctl->require_subcommand(1);
  verb_tree tree(*ctl, [](const verb &, const verb_options &) {});
  add_verbs(tree);
  return fault_of(app, said);
}

/// What `set` has read, as `KEY = VALUE`, or what is wrong.
std::string setting_of(const words &said) {
  std::string out;
  CLI::App app("orders", "");
  app.require_subcommand(1);
  verb_tree tree(app, [&](const verb &, const verb_options &read) {
    out = read.word + " = " + read.value;
  });
  add_verbs(tree);
  const auto fault = fault_of(app, said);
  return fault.empty() ? out : fault;
}

} // namespace

TEST_CASE("a word that is no verb is named with the nearest that is one") {
  CHECK(fault_of_command({"ctl", "stats"}) ==
        "sluice ctl: there is no `stats`, did you mean `status`? `sluice ctl "
        "--help` lists what there is\n");
  CHECK(fault_of_command({"clt", "status"}) ==
        "sluice: there is no `clt`, did you mean `ctl`? `sluice --help` lists "
        "what there is\n");
  CHECK(fault_of_command({"ctl", "queue", "lst"}) ==
        "sluice ctl queue: there is no `lst`, did you mean `list`? `sluice ctl "
        "queue --help` lists what there is\n");
  CHECK(fault_of_line({"foo"}) ==
        "sluice ctl: there is no `foo`; `help` lists what there is\n");
  CHECK(fault_of_line({"ledger", "verfy"}) ==
        "sluice ctl ledger: there is no `verfy`, did you mean `verify`? `help "
        "ledger` lists what there is\n");
  CHECK(fault_of_line({"\x1b[31m"}).find('\x1b') == std::string::npos);
}

TEST_CASE("who says no verb is told how to see them") {
  CHECK(fault_of_command({}) ==
        "sluice: say what to do; `sluice --help` lists what there is\n");
  CHECK(fault_of_command({"ctl"}).starts_with("sluice ctl: say what to do;"));
}

TEST_CASE("other faults are told as before") {
  CHECK(fault_of_line({"mode"}).starts_with("MODE is required\n"));
  CHECK(fault_of_line({"status"}).empty());
}

TEST_CASE("words that are near are found, and only those") {
  const words known{"status", "stop", "top", "actors", "audit"};
  CHECK(nearest_word("statsu", known) == "status");
  CHECK(nearest_word("act", known) == "actors");
  CHECK(nearest_word("tpo", known) == "top");
  CHECK(nearest_word("foo", known).empty());
  CHECK(nearest_word("", known).empty());
  CHECK(nearest_word(std::string(1000, 'a'), known).empty());
}

TEST_CASE("a setting is set in both manners of writing") {
  CHECK(setting_of({"set", "a.b", "8"}) == "a.b = 8");
  CHECK(setting_of({"set", "a.b=8"}) == "a.b = 8");
  CHECK(setting_of({"set", "a.b", "c=d"}) == "a.b = c=d");
  CHECK(setting_of({"set", "a.b="}) == "a.b = ");
  CHECK(setting_of({"set", "a.b", ""}) == "a.b = ");
  CHECK(setting_of({"set", "a.b"})
            .starts_with("VALUE: is missing: say set KEY VALUE\n"));
}

TEST_CASE("an address is a host and a port") {
  for (const auto *good : {"127.0.0.1:1", "[::1]:4001", "host.example:65535"})
    CHECK(address_fault(good).empty());
  for (const auto *bad : {"", ":14011", "14011", "host", "127.0.0.1:99999",
                          "h:0", "h:", "h:x", "h:-1", "::1:4001", "h h:1"}) {
    INFO(bad);
    CHECK(address_fault(bad) == "has to be HOST:PORT, as in 127.0.0.1:4001");
  }
}
