#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

TEST_CASE("a new organization is found by its key", "[conformance]") {
  bench on(EACH_STORE);
  const auto &tenant = on.first_tenant();
  auto found = value_of(on.session().find_key(tenant.key.hash));
  REQUIRE(found);
  CHECK(found->owner.id == tenant.owner.id);
  CHECK(found->owner.name == tenant.owner.name);
  CHECK(found->owner.tier == tenant.owner.tier);
  CHECK(found->owner.rate_limit_per_minute ==
        tenant.owner.rate_limit_per_minute);
  CHECK(found->owner.inserted_at == tenant.owner.inserted_at);
  CHECK(found->key == tenant.key.id);
  CHECK(!found->expires_at);
  CHECK(!value_of(on.session().find_key(db::sha256("another"))));
  CHECK(on.count("endpoints WHERE kind = 'pull' AND state = 'active'") == 1);
}

TEST_CASE("an organization whose key is taken is not made at all",
          "[conformance]") {
  bench on(EACH_STORE);
  auto second = make_tenant("Second");
  second.key.hash = on.first_tenant().key.hash;
  auto answer = on.session().create_organization(second.owner, second.key);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::rejected);
  CHECK(on.count("organizations") == 1);
  CHECK(on.count("endpoints") == 1);
}

TEST_CASE("names keep their quotes and their characters", "[conformance]") {
  bench on(EACH_STORE);
  auto odd = on.add_tenant("'; DROP TABLE events; -- \"\\ {NULL} \xE2\x82\xAC");
  CHECK(value_of(on.session().find_key(odd.key.hash))->owner.name ==
        odd.owner.name);
}

TEST_CASE("keys come newest first, without those that have expired",
          "[conformance]") {
  bench on(EACH_STORE);
  const auto &first = on.first_tenant().key;
  auto second = make_key(on.owner(), on.clock().now());
  second.expires_at = on.clock().now() + 1h;
  value_of(on.session().rotate_key(second, 10min));
  auto listed = value_of(on.session().keys(on.owner()));
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].id == second.id);
  CHECK(listed[0].hash == second.hash);
  CHECK(listed[0].prefix == second.prefix);
  CHECK(listed[0].organization == on.owner());
  CHECK(listed[0].inserted_at == second.inserted_at);
  CHECK(listed[0].expires_at == second.expires_at);
  CHECK(listed[1].id == first.id);
  CHECK(listed[1].expires_at == on.clock().now() + 10min);
  on.clock().advance(10min);
  CHECK(value_of(on.session().keys(on.owner())).size() == 1);
  on.clock().advance(1h);
  CHECK(value_of(on.session().keys(on.owner())).empty());
}

TEST_CASE("rotation keeps the old key for the grace", "[conformance]") {
  bench on(EACH_STORE);
  const auto &old = on.first_tenant().key;
  auto fresh = make_key(on.owner(), on.clock().now());

  SECTION("none") {
    value_of(on.session().rotate_key(fresh, 0s));
    CHECK(!value_of(on.session().find_key(old.hash)));
  }
  SECTION("a minute") {
    value_of(on.session().rotate_key(fresh, 60s));
    auto expiry = on.clock().now() + 60s;
    CHECK(value_of(on.session().find_key(old.hash))->expires_at == expiry);
    on.clock().advance(59s);
    CHECK(value_of(on.session().find_key(old.hash)));
    on.clock().advance(1s);
    CHECK(!value_of(on.session().find_key(old.hash)));
  }
  SECTION("no longer than the key had anyway") {
    value_of(on.session().rotate_key(fresh, 60s));
    auto third = make_key(on.owner(), on.clock().now());
    value_of(on.session().rotate_key(third, 1h));
    on.clock().advance(2min);
    CHECK(!value_of(on.session().find_key(old.hash)));
    CHECK(value_of(on.session().find_key(fresh.hash)));
    CHECK(value_of(on.session().find_key(third.hash)));
    return;
  }
  CHECK(value_of(on.session().find_key(fresh.hash)));
}

TEST_CASE("a rotation to a key that is taken changes nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  const auto &old = on.first_tenant().key;
  auto clash = make_key(on.owner(), on.clock().now());
  clash.hash = old.hash;
  auto answer = on.session().rotate_key(clash, 0s);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::rejected);
  CHECK(value_of(on.session().find_key(old.hash)));
}

TEST_CASE("a shared secret is the same for everybody for ever",
          "[conformance]") {
  bench on(EACH_STORE);
  auto secret = value_of(on.session().shared_secret("cursor"));
  CHECK(secret.size() == 32);
  CHECK(value_of(on.session().shared_secret("cursor")) == secret);
  CHECK(value_of(on.session().shared_secret("other")) != secret);
  auto second = on.store().connect();
  CHECK(value_of(second->shared_secret("cursor")) == secret);
  second.reset();
  on.restart();
  CHECK(value_of(on.session().shared_secret("cursor")) == secret);
}
