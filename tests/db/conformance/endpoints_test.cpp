#include "tests/db/conformance/webhook_bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

db::endpoint find(bench &on, const db::endpoint &which) {
  auto found =
      value_of(on.session().find_endpoint(which.organization, which.id));
  REQUIRE(found);
  return *found;
}

bool save(bench &on, const db::endpoint &changed) {
  return value_of(on.session().save_endpoint(changed));
}

bool remove(bench &on, const db::endpoint &which) {
  return value_of(on.session().remove_endpoint(which.organization, which.id));
}

int note(bench &on, const db::endpoint &which, db::endpoint_note::kind what) {
  db::endpoint_note said{which.id, which.organization, what, "no\nanswer"};
  return value_of(on.session().note_endpoints({&said, 1}));
}

} // namespace

TEST_CASE("an endpoint comes back as it was made", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = make_endpoint(on.owner(), {"order.created", "invoice.*"});
  made.is_default = true;
  made.state = db::endpoint_state::paused;
  made.state_reason = "holidays";
  on.clock().advance(3s);
  REQUIRE(value_of(on.session().create_endpoint(made, 1)));
  auto kept = find(on, made);
  CHECK(kept.organization == on.owner());
  CHECK(kept.url == made.url);
  CHECK(kept.description == made.description);
  CHECK(kept.event_types == made.event_types);
  CHECK(kept.headers == made.headers);
  CHECK(kept.secrets == made.secrets);
  CHECK(kept.max_in_flight == 5);
  CHECK(kept.rate_per_second == 7);
  CHECK(kept.state == db::endpoint_state::paused);
  CHECK(kept.state_reason == "holidays");
  CHECK(kept.is_default);
  CHECK(kept.version == 1);
  CHECK_FALSE(kept.failing_since);
  CHECK(kept.inserted_at == on.clock().now());
  CHECK(kept.updated_at == on.clock().now());
}

TEST_CASE("an organization has so many endpoints and one default",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto first = make_endpoint(on.owner());
  first.is_default = true;
  CHECK(value_of(on.session().create_endpoint(first, 2)));
  auto second = make_endpoint(on.owner());
  second.is_default = true;
  CHECK_FALSE(value_of(on.session().create_endpoint(second, 2)));
  second.is_default = false;
  CHECK(value_of(on.session().create_endpoint(second, 2)));
  CHECK_FALSE(
      value_of(on.session().create_endpoint(make_endpoint(on.owner()), 2)));
  auto other = on.add_tenant("Other");
  CHECK(value_of(on.session().create_endpoint(make_endpoint(other.id()), 1)));
  // What was removed counts no more.
  REQUIRE(remove(on, first));
  auto third = make_endpoint(on.owner());
  third.is_default = true;
  CHECK(value_of(on.session().create_endpoint(third, 2)));
  auto all = value_of(on.session().endpoints(on.owner()));
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == second.id);
  CHECK(all[1].id == third.id);
}

TEST_CASE("endpoints of another organization can't be had", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto mine = on.add();
  auto other = on.add_tenant("Other");
  CHECK_FALSE(value_of(on.session().find_endpoint(other.id(), mine.id)));
  CHECK(value_of(on.session().endpoints(other.id())).empty());
  CHECK_FALSE(value_of(on.session().remove_endpoint(other.id(), mine.id)));
  auto stolen = mine;
  stolen.organization = other.id();
  CHECK_FALSE(save(on, stolen));
  auto stolen_note = stolen;
  CHECK(note(on, stolen_note, db::endpoint_note::kind::park) == 0);
  CHECK(find(on, mine).version == 1);
}

TEST_CASE("saving an endpoint asks for its version", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add({"a.b"});
  on.clock().advance(1min);
  auto changed = made;
  changed.url = "https://example.org/x";
  changed.event_types = {};
  changed.secrets.pop_back();
  changed.inserted_at += 1h;
  CHECK(save(on, changed));
  auto kept = find(on, made);
  CHECK(kept.version == 2);
  CHECK(kept.url == changed.url);
  CHECK(kept.event_types.empty());
  CHECK(kept.secrets.size() == 1);
  CHECK(kept.inserted_at == made.inserted_at);
  CHECK(kept.updated_at == on.clock().now());
  changed.url = "https://example.org/late";
  CHECK_FALSE(save(on, changed));
  CHECK(find(on, made).url == "https://example.org/x");
  REQUIRE(remove(on, made));
  CHECK_FALSE(remove(on, made));
  changed.version = 2;
  CHECK_FALSE(save(on, changed));
  changed.version = 3;
  CHECK_FALSE(save(on, changed));
  CHECK_FALSE(value_of(on.session().find_endpoint(on.owner(), made.id)));
}

TEST_CASE("only endpoints that are active are named", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto one = on.add();
  auto two = on.add_for(other.id());
  auto paused = on.add();
  paused.state = db::endpoint_state::paused;
  REQUIRE(save(on, paused));
  REQUIRE(remove(on, on.add()));
  auto parked = on.add();
  CHECK(note(on, parked, db::endpoint_note::kind::park) == 1);
  auto found = value_of(on.session().active_endpoints());
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == one.id);
  CHECK(found[1].id == two.id);
  CHECK(found[1].secrets == two.secrets);
}

TEST_CASE("an endpoint that fails is noted, parked and made active again",
          "[conformance]") {
  using kind = db::endpoint_note::kind;
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  auto first = on.clock().now();
  CHECK(note(on, made, kind::failing) == 0);
  on.clock().advance(1h);
  CHECK(note(on, made, kind::failing) == 0);
  CHECK(find(on, made).failing_since == first);
  CHECK(find(on, made).version == 1);
  CHECK(note(on, made, kind::well) == 0);
  CHECK_FALSE(find(on, made).failing_since);
  note(on, made, kind::failing);
  CHECK(note(on, made, kind::park) == 1);
  CHECK(note(on, made, kind::park) == 0);
  auto kept = find(on, made);
  CHECK(kept.state == db::endpoint_state::parked);
  CHECK(kept.state_reason == "no answer");
  CHECK(kept.version == 2);
  CHECK(kept.failing_since == first + 1h);
  kept.state = db::endpoint_state::active;
  kept.state_reason.clear();
  CHECK(save(on, kept));
  CHECK_FALSE(find(on, made).failing_since);
}

TEST_CASE("an organization leaves with its webhooks", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(2);
  on.record(on.take(made), result_kind::retry);
  REQUIRE(on.count("delivery_attempts") == 2);
  auto other = on.add_tenant("Other");
  on.add_for(other.id());
  value_of(on.session().accept(make_events(other.id(), 1), 24h));
  on.move_all();
  value_of(on.session().remove_organization(on.owner(), "anna", "a drill"));
  CHECK(on.count("delivery_attempts") == 0);
  CHECK(on.count("event_deliveries") == 2);
  CHECK(on.count("endpoints") == 2);
}
