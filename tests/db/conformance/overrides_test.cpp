#include <atomic>
#include <thread>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

db::override_change
overriding(std::vector<db::override_change::assignment> assignments) {
  return {.set = std::move(assignments), .actor = "eve", .reason = "a test"};
}

} // namespace

TEST_CASE("a new store has no overrides", "[conformance]") {
  bench on(EACH_STORE);
  auto all = value_of(on.session().overrides());
  CHECK(all.version == 0);
  CHECK(all.list.empty());
  CHECK(value_of(on.session().gate()).settings_version == 0);
}

TEST_CASE("overrides hold until they are unset, over restarts",
          "[conformance]") {
  bench on(EACH_STORE);
  auto first = value_of(on.session().change_overrides(
      overriding({{"b.two", "2"}, {"a.one", "1"}, {"b.two", "3"}})));
  REQUIRE(first);
  CHECK(first->version == 1);
  auto at = on.clock().now();
  on.clock().advance(1min);
  auto change = overriding({{"c.three", "it's \"3\" \\ {,}"}});
  change.unset = {"a.one", "never.there"};
  change.actor = "bob";
  REQUIRE(value_of(on.session().change_overrides(change)));
  on.restart();
  auto all = value_of(on.session().overrides());
  CHECK(all.version == 2);
  REQUIRE(all.list.size() == 2);
  CHECK(all.list[0].key == "b.two");
  CHECK(all.list[0].value == "3");
  CHECK(all.list[0].changed_by == "eve");
  CHECK(all.list[0].reason == "a test");
  CHECK(all.list[0].changed_at == at);
  CHECK(all.list[1].key == "c.three");
  CHECK(all.list[1].value == "it's \"3\" \\ {,}");
  CHECK(all.list[1].changed_by == "bob");
  CHECK(all.list[1].changed_at == at + 1min);
}

TEST_CASE("who looks at the gate sees that overrides have changed",
          "[conformance]") {
  bench on(EACH_STORE);
  REQUIRE(value_of(on.session().change_overrides(overriding({{"a", "1"}}))));
  auto other = on.store().connect();
  CHECK(value_of(other->gate()).settings_version == 1);
  on.turn(db::ingest_mode::sync);
  on.turn(db::processing_mode::draining);
  CHECK(value_of(other->gate()).settings_version == 1);
  CHECK(value_of(other->gate()).version == 2);
  CHECK(value_of(other->overrides()).list.size() == 1);
}

TEST_CASE("a change of overrides that expects another version changes nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  auto change = overriding({{"a", "1"}});
  change.expected_version = 0;
  REQUIRE(value_of(on.session().change_overrides(change)));
  change.set = {{"a", "2"}};
  change.unset = {"b"};
  CHECK(!value_of(on.session().change_overrides(change)));
  auto all = value_of(on.session().overrides());
  CHECK(all.version == 1);
  CHECK(all.list.at(0).value == "1");
  CHECK(on.count("audit_log WHERE action = 'settings'") == 1);
}

TEST_CASE("of changes of overrides at the same time that expect one version "
          "one is made",
          "[conformance]") {
  bench on(EACH_STORE);
  std::atomic<int> made{0};
  std::vector<std::thread> operators;
  for (int i = 0; i < 4; ++i)
    operators.emplace_back([&] {
      auto session = on.store().connect();
      auto change = overriding({{"a", "1"}});
      change.expected_version = 0;
      for (;;) {
        auto answer = session->change_overrides(change);
        if (!answer && answer.error().code == db::errc::conflict)
          continue;
        made += answer && *answer ? 1 : 0;
        return;
      }
    });
  for (auto &one : operators)
    one.join();
  CHECK(made == 1);
  CHECK(value_of(on.session().overrides()).version == 1);
}

TEST_CASE("a change of overrides stands in the audit log, in one line",
          "[conformance]") {
  bench on(EACH_STORE);
  auto change = overriding({{"a.one", "1"}, {"b.two", "2s"}});
  change.unset = {"c.three"};
  change.actor = "eve\n@example.com";
  change.reason = "two\nlines";
  auto made = value_of(on.session().change_overrides(change));
  REQUIRE(made);
  CHECK(made->list.at(0).changed_by == "eve @example.com");
  CHECK(made->list.at(0).reason == "two lines");
  CHECK(on.count("audit_log WHERE actor = 'eve @example.com' AND action = "
                 "'settings' AND target = 'a.one b.two c.three' AND reason = "
                 "'two lines' AND detail LIKE "
                 "'a.one=1 b.two=2s -c.three version=1%' AND at = " +
                 on.store().literal(on.clock().now())) == 1);
}
