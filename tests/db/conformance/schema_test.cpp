#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

std::unique_ptr<store_under_test> empty_store(const std::string &name) {
  return make_store(name, {.is_migrated = false});
}

} // namespace

TEST_CASE("a fresh database has no schema and says so", "[conformance]") {
  auto store = empty_store(EACH_STORE);
  auto state = value_of(store->source()->schema());
  CHECK(state.found == 0);
  CHECK(state.known >= 1);
  CHECK(!state.is_current());
  auto what_for =
      GENERATE(db::purpose::intake, db::purpose::work, db::purpose::read);
  auto session = store->source()->connect(what_for);
  REQUIRE(!session);
  CHECK(session.error().code == db::errc::schema);
  CHECK(value_of(store->source()->schema()).found == 0);
}

TEST_CASE("migrate makes the schema, once", "[conformance]") {
  auto store = empty_store(EACH_STORE);
  auto known = value_of(store->source()->schema()).known;
  CHECK(value_of(store->source()->migrate()) == known);
  CHECK(value_of(store->source()->schema()).is_current());
  CHECK(value_of(store->source()->migrate()) == 0);
  CHECK(store->count("SELECT count(*) FROM schema_migrations") == known);
  CHECK(value_of(store->connect()->depth(1)).pending == 0);
  store->reopen();
  CHECK(value_of(store->source()->migrate()) == 0);
  CHECK(store->connect() != nullptr);
}

TEST_CASE("a database newer than this program is refused untouched",
          "[conformance]") {
  auto store = make_store(EACH_STORE);
  store->execute("INSERT INTO schema_migrations (version, applied_at) VALUES "
                 "(9999, " +
                 store->literal(store->clock().now()) + ")");
  store->execute("DROP TABLE audit_log");
  store->reopen();
  CHECK(value_of(store->source()->schema()).found == 9999);
  auto session = store->source()->connect(db::purpose::work);
  REQUIRE(!session);
  CHECK(session.error().code == db::errc::schema);
  CHECK(session.error().text.find("9999") != std::string::npos);
  auto migrated = store->source()->migrate();
  REQUIRE(!migrated);
  CHECK(migrated.error().code == db::errc::schema);
  CHECK(migrated.error().text.find("9999") != std::string::npos);
  CHECK_THROWS(store->count("SELECT count(*) FROM audit_log"));
}

TEST_CASE("a store describes itself without secrets", "[conformance]") {
  auto store = make_store(EACH_STORE);
  auto text = store->source()->describe();
  CHECK(!text.empty());
  CHECK(text.find('@') == std::string::npos);
}

TEST_CASE("the statements of the rollback runbook work", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(4);
  on.claim(2);
  CHECK(on.store().count("SELECT count(*) FROM event_queue WHERE status = "
                         "'pending'") == 2);
  on.store().execute("UPDATE event_queue SET status = 'pending' WHERE status = "
                     "'processing'");
  on.move_all();
  CHECK(on.store().count("SELECT count(*) FROM event_queue q LEFT JOIN events "
                         "e ON q.id = e.id WHERE e.id IS NULL") == 0);
  CHECK(on.store().count("SELECT count(*) FROM events WHERE inserted_at > " +
                         on.store().literal(on.clock().now() - 1min)) == 4);
}

TEST_CASE("without a clock of the test's, times are now", "[conformance]") {
  bench on(EACH_STORE, {.has_manual_clock = false});
  auto before = db::system_now() - 1s;
  auto id = on.accept_some(1).at(0);
  on.move_all();
  auto view = value_of(on.session().find_event(on.owner(), id));
  CHECK(view->accepted_at > before);
  CHECK(*view->stored_at >= view->accepted_at);
  CHECK(*view->stored_at < db::system_now() + 1s);
}

TEST_CASE("neither store is opened by a URL that names none", "[conformance]") {
  auto url = GENERATE(as<std::string>(), "", "mysql://root:secret@host/x",
                      "sluice.db", "sqlite:", "sqlite::memory:");
  db::store_options options;
  options.url = url;
  auto source = db::open_store(options);
  REQUIRE(!source);
  CHECK(source.error().code == db::errc::unavailable);
  CHECK(source.error().text.find("secret") == std::string::npos);
}
