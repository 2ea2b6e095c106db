#include <catch2/catch.hpp>

#include "actors/control/pruner.hpp"
#include "tests/support/forwarding_store.hpp"
#include "tests/support/store_under_test.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

/// Has something old left for as long as it is told so.
class ageing_session : public forwarding_store {
public:
  ageing_session(std::unique_ptr<db::store> inner, const bool &has_more)
      : forwarding_store(std::move(inner)), has_more_(has_more) {}

  db::result<db::prune_outcome>
  prune(const db::prune_request & /*request*/) override {
    db::prune_outcome removed;
    removed.events = 1;
    removed.next = has_more_ ? "more" : "";
    return removed;
  }

private:
  const bool &has_more_;
};

class ageing_source : public db::store_source {
public:
  explicit ageing_source(store_under_test &inner) : inner_(inner) {}

  db::result<std::unique_ptr<db::store>>
  connect(db::purpose /*what_for*/) override {
    return std::make_unique<ageing_session>(inner_.connect(), has_more);
  }
  db::result<db::schema_state> schema() override { return {}; }
  db::result<int> migrate() override { return 0; }
  std::string describe() const override { return "ageing"; }

  bool has_more = true;

private:
  store_under_test &inner_;
};

} // namespace

TEST_CASE("retention rests many times as long as it worked") {
  CHECK(actors::rest_of_step(6ms, 1s) == 90ms);
  CHECK(actors::rest_of_step(6ms, 10min) == 90ms);
  CHECK(actors::rest_of_step(100us, 1s) == 75ms);
  CHECK(actors::rest_of_step(1s, 1s) == 250ms);
}

TEST_CASE("retention that is behind rests less, and never not at all") {
  CHECK(actors::rest_of_step(6ms, 20min) == 45ms);
  CHECK(actors::rest_of_step(6ms, 40min) == 22ms);
  CHECK(actors::rest_of_step(6ms, 400h) == 22ms);
  CHECK(actors::rest_of_step(0us, 400h) == 18ms);
}

TEST_CASE("a round of retention that does not end rests less from step to step,"
          " and the next one begins anew") {
  auto store = make_store("sqlite");
  auto source = std::make_shared<ageing_source>(*store);
  actors::store_session session(source, db::purpose::work);
  actors::pruner pruner(
      std::make_shared<actors::shared_parts>(config::settings{}));
  CHECK(pruner.step(session) == 75ms);
  std::chrono::milliseconds rests{0};
  while (rests < 9min)
    rests += pruner.step(session);
  CHECK(pruner.step(session) == 75ms);
  while (rests < 30min)
    rests += pruner.step(session);
  CHECK(pruner.step(session) < 30ms);
  source->has_more = false;
  // Events, deliveries, keys.
  pruner.step(session);
  pruner.step(session);
  CHECK(pruner.step(session) == 1s);
  source->has_more = true;
  CHECK(pruner.step(session) == 75ms);
}
