#include <atomic>
#include <thread>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

const db::procedure_note note{
    .actor = "eve", .reason = "a test", .detail = "begun"};

db::procedure make_procedure(const std::string &kind = "rollback") {
  return {.id = db::procedure_id::generate(),
          .kind = kind,
          .document = R"({"step":"it's \"1\" \\ {,}"})"};
}

db::procedure newest(bench &on, const std::string &kind = "rollback") {
  auto all = value_of(on.session().procedures(kind, 1));
  REQUIRE(all.size() == 1);
  return all.front();
}

} // namespace

TEST_CASE("a procedure is kept as far as it came, over restarts",
          "[conformance]") {
  bench on(EACH_STORE);
  CHECK(value_of(on.session().procedures("rollback", 9)).empty());
  auto first = make_procedure();
  REQUIRE(value_of(on.session().begin_procedure(first, note)));
  auto begun_at = on.clock().now();
  auto kept = newest(on);
  CHECK(kept.id == first.id);
  CHECK(kept.kind == "rollback");
  CHECK(kept.is_open);
  CHECK(kept.version == 1);
  CHECK(kept.document == first.document);
  CHECK(kept.begun_at == begun_at);
  on.clock().advance(1min);
  kept.document = "{}";
  REQUIRE(value_of(on.session().save_procedure(kept, note)));
  on.restart();
  auto saved = newest(on);
  CHECK(saved.version == 2);
  CHECK(saved.document == "{}");
  CHECK(saved.begun_at == begun_at);
  CHECK(saved.changed_at == begun_at + 1min);
}

TEST_CASE("of each kind one procedure is open", "[conformance]") {
  bench on(EACH_STORE);
  auto first = make_procedure();
  REQUIRE(value_of(on.session().begin_procedure(first, note)));
  // A repeat after an answer was lost.
  CHECK(value_of(on.session().begin_procedure(first, note)));
  CHECK_FALSE(value_of(on.session().begin_procedure(make_procedure(), note)));
  CHECK(value_of(on.session().begin_procedure(make_procedure("drill"), note)));
  CHECK(value_of(on.session().procedures("rollback", 9)).size() == 1);
  auto over = newest(on);
  over.is_open = false;
  REQUIRE(value_of(on.session().save_procedure(over, note)));
  CHECK_FALSE(value_of(on.session().begin_procedure(first, note)));
  auto second = make_procedure();
  CHECK(value_of(on.session().begin_procedure(second, note)));
  auto all = value_of(on.session().procedures("rollback", 9));
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == second.id);
  CHECK_FALSE(all[1].is_open);
}

TEST_CASE("what another has saved meanwhile, or what is over, is not "
          "overwritten",
          "[conformance]") {
  bench on(EACH_STORE);
  REQUIRE(value_of(on.session().begin_procedure(make_procedure(), note)));
  auto seen = newest(on);
  auto theirs = seen;
  theirs.document = "theirs";
  REQUIRE(value_of(on.session().save_procedure(theirs, note)));
  CHECK_FALSE(value_of(on.session().save_procedure(seen, note)));
  CHECK(newest(on).document == "theirs");
  auto over = newest(on);
  over.is_open = false;
  REQUIRE(value_of(on.session().save_procedure(over, note)));
  CHECK_FALSE(value_of(on.session().save_procedure(newest(on), note)));
  CHECK_FALSE(value_of(on.session().save_procedure(make_procedure(), note)));
}

TEST_CASE("a procedure's steps stand in the audit log, if they are to",
          "[conformance]") {
  bench on(EACH_STORE);
  auto first = make_procedure();
  REQUIRE(value_of(on.session().begin_procedure(first, note)));
  auto seen = newest(on);
  REQUIRE(value_of(on.session().save_procedure(seen, {})));
  auto entries = value_of(on.session().list_audit({}));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].actor == "eve");
  CHECK(entries[0].action == "rollback");
  CHECK(entries[0].target == first.id.to_string());
  CHECK(entries[0].reason == "a test");
  CHECK(entries[0].detail.starts_with("begun"));
}

TEST_CASE("of many who begin a procedure at once one begins it",
          "[conformance]") {
  bench on(EACH_STORE);
  std::atomic<int> begun{0};
  std::vector<std::thread> operators;
  operators.reserve(6);
  for (int who = 0; who < 6; ++who)
    operators.emplace_back([&, session = on.store().connect()] {
      auto done = session->begin_procedure(make_procedure(), note);
      begun += done && *done ? 1 : 0;
    });
  for (auto &one : operators)
    one.join();
  CHECK(begun == 1);
}
