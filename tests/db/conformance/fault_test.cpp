#include "tests/db/conformance/bench.hpp"
#include "tests/support/faulty_store.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

using moment = planned_fault::moment;

/// What an ingest and a worker do together with one event, over and over,
/// with new sessions in the place of spent ones; as a process would that is
/// killed between any two statements and begins anew.
class little_service {
public:
  little_service(std::shared_ptr<faulty_source> source, bench &on)
      : source_(std::move(source)), on_(on) {}

  /// Accepts the event with its key until an answer came.
  db::accept_outcome accept(const db::new_event &event) {
    while (true) {
      auto session = connect();
      auto answer = session->accept({&event, 1}, 24h);
      if (!answer && answer.error().code == db::errc::in_doubt)
        if (auto known = resolve(answer.error()))
          return known->at(0);
      if (answer)
        return answer->at(0);
    }
  }

  void drain() {
    while (on_.count("event_queue") > 0) {
      auto session = connect();
      auto taken =
          session->claim_items({on_.node().id, db::claim_id::generate(), 3});
      if (taken && !taken->items.empty())
        (void)session->move_each(taken->id, tests::ids_of(*taken));
      // Claims whose answer was lost are nobody's: they have to grow old.
      on_.clock().advance(6min);
      (void)session->heartbeat(on_.node().id, 0);
      (void)session->rescue(
          {.stuck = {.stuck_after = 5min, .node_dead_after = 1h},
           .max_attempts = 1000});
    }
  }

private:
  std::unique_ptr<db::store> connect() {
    while (true)
      if (auto session = source_->connect(db::purpose::work))
        return std::move(*session);
  }

  std::optional<std::vector<db::accept_outcome>>
  resolve(const db::error &doubt) {
    while (true)
      if (auto answer = connect()->resolve(doubt))
        return *answer;
  }

  std::shared_ptr<faulty_source> source_;
  bench &on_;
};

} // namespace

TEST_CASE("a fault at any call, before or after its effect, loses and doubles "
          "nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  auto when = GENERATE(moment::before_effect, moment::after_effect);
  auto code =
      GENERATE(db::errc::unavailable, db::errc::in_doubt, db::errc::conflict);
  auto source = std::make_shared<faulty_source>(on.store().source());
  little_service service(source, on);
  std::vector<db::event_id> ids;
  for (int call = 1; call <= 6; ++call) {
    source->plan().clear();
    source->plan().add({.call = call, .when = when, .code = code});
    source->plan().add({.call = call + 2, .when = when, .code = code});
    for (int i = 0; i < 2; ++i) {
      auto key = std::to_string(call) + "-" + std::to_string(i);
      auto event = make_event(on.owner(), {.dedup_id = key});
      auto outcome = service.accept(event);
      // A repeat whose first answer was lost is told the first one's id.
      CHECK(outcome.what != accepted::mismatch);
      CHECK(outcome.id == event.id);
      ids.push_back(outcome.id);
    }
    service.drain();
  }
  CHECK(source->plan().faults() >= 6);
  CHECK(on.count("events") == static_cast<long>(ids.size()));
  CHECK(on.count("event_deliveries") == static_cast<long>(ids.size()));
  for (auto id : ids)
    CHECK(value_of(on.session().find_event(on.owner(), id))->where ==
          db::event_view::place::stored);
}

TEST_CASE("a faulty store does what it is told to", "[conformance]") {
  bench on(EACH_STORE);
  auto source = std::make_shared<faulty_source>(on.store().source());
  auto session = value_of(source->connect(db::purpose::work));
  auto event = make_event(on.owner());

  SECTION("fail a named call in place of its effect") {
    source->plan().add({.method = "accept", .call = 2});
    CHECK(session->accept({&event, 1}, 24h));
    auto second = make_event(on.owner());
    CHECK(session->depth(1));
    CHECK(session->accept({&second, 1}, 24h).error().code ==
          db::errc::unavailable);
    // The session is spent then; a new one works.
    CHECK(!session->depth(1));
    CHECK(on.count("event_queue") == 1);
    session = value_of(source->connect(db::purpose::work));
    CHECK(session->accept({&second, 1}, 24h));
    CHECK(source->plan().calls("accept") == 3);
    CHECK(source->plan().faults() == 1);
  }
  SECTION("lose an answer, and tell it to resolve") {
    source->plan().add({.method = "accept",
                        .when = moment::after_effect,
                        .code = db::errc::in_doubt});
    auto answer = session->accept({&event, 1}, 24h);
    REQUIRE(answer.error().code == db::errc::in_doubt);
    session = value_of(source->connect(db::purpose::work));
    auto outcomes = value_of(session->resolve(answer.error()));
    REQUIRE(outcomes);
    CHECK(outcomes->at(0).id == event.id);
    CHECK(on.count("event_queue") == 1);
  }
  SECTION("be in doubt about nothing") {
    source->plan().add({.method = "accept", .code = db::errc::in_doubt});
    auto answer = session->accept({&event, 1}, 24h);
    session = value_of(source->connect(db::purpose::work));
    CHECK(!value_of(session->resolve(answer.error())));
    CHECK(on.count("event_queue") == 0);
  }
  SECTION("refuse connections for a while") {
    source->plan().add({.method = "connect", .times = 2});
    CHECK(!source->connect(db::purpose::work));
    CHECK(!source->connect(db::purpose::read));
    CHECK(source->connect(db::purpose::read));
  }
}
