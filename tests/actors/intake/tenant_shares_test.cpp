#include "actors/intake/tenant_shares.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

/// A queue for 100 000 items that organizations fill; it never empties by
/// itself.
struct queue_of_tenants {
  using owner = db::organization_id;

  /// Returns the lane of the events.
  int accept(owner who, long count) {
    auto lane = shares.begin(who, count, depth);
    shares.settle(who, count, count);
    depth += count;
    return lane;
  }
  void claim(owner who, long count) {
    shares.claimed(who, count);
    depth -= count;
  }
  bool is_over(owner who, long count = 1) {
    return shares.excess(who, count, depth).has_value();
  }

  actors::tenant_shares shares{100'000, 80};
  long depth = 0;
  owner one = owner::generate();
  owner two = owner::generate();
  owner three = owner::generate();
};

} // namespace

TEST_CASE_METHOD(queue_of_tenants, "the more waits, the later the lane",
                 "[shares]") {
  CHECK(accept(one, 1'001) == 0);
  CHECK(accept(one, 9'000) == 1);
  CHECK(accept(one, 90'000) == 2);
  CHECK(accept(one, 1) == 3);
  CHECK(accept(two, 1) == 0);
}

TEST_CASE_METHOD(queue_of_tenants, "what is on its way counts", "[shares]") {
  shares.begin(one, 2'000, depth);
  CHECK(accept(one, 1) == 1);
  // None of them was taken.
  shares.settle(one, 2'000, 0);
  claim(one, 1);
  CHECK(accept(one, 1) == 0);
}

TEST_CASE_METHOD(queue_of_tenants,
                 "a lane is left when nothing waits in it any more",
                 "[shares]") {
  accept(one, 20'000);
  CHECK(accept(one, 1) == 2);
  claim(one, 20'000);
  CHECK(accept(one, 1) == 2);
  claim(one, 2);
  CHECK(accept(one, 1) == 0);
}

TEST_CASE_METHOD(queue_of_tenants, "nobody is taken to have more than waits",
                 "[shares]") {
  accept(one, 5'000);
  // Another node claimed them.
  depth = 10;
  CHECK(accept(one, 1) == 0);
}

TEST_CASE_METHOD(queue_of_tenants, "a claim may be told before its accepting",
                 "[shares]") {
  shares.begin(one, 5, depth);
  shares.claimed(one, 5);
  shares.settle(one, 5, 5);
  CHECK(shares.size() == 0);
}

TEST_CASE_METHOD(queue_of_tenants, "an organization alone may fill its share",
                 "[shares]") {
  accept(one, 79'999);
  CHECK_FALSE(is_over(one));
  accept(one, 1);
  CHECK(is_over(one));
  CHECK(depth == 80'000);
  CHECK_FALSE(is_over(two));
}

TEST_CASE_METHOD(queue_of_tenants, "it may bring more a tenth below",
                 "[shares]") {
  accept(one, 80'000);
  REQUIRE(is_over(one));
  auto excess = *shares.excess(one, 1, depth);
  claim(one, excess - 1);
  CHECK(is_over(one));
  claim(one, 1);
  CHECK_FALSE(is_over(one));
  accept(one, 500);
  CHECK_FALSE(is_over(one));
}

TEST_CASE_METHOD(queue_of_tenants, "a share holds for many that come at once",
                 "[shares]") {
  accept(one, 1);
  long begun = 0;
  while (!is_over(one, 1'000)) {
    shares.begin(one, 1'000, depth);
    begun += 1'000;
  }
  CHECK(begun == 79'000);
  // What is on its way takes others' room, too.
  shares.begin(two, 20'000, depth);
  CHECK(is_over(two));
  CHECK_FALSE(is_over(three));
}

TEST_CASE_METHOD(queue_of_tenants, "who has nothing may bring a large batch",
                 "[shares]") {
  shares.limit(100, 50);
  CHECK_FALSE(is_over(one, 1'000));
}

TEST_CASE_METHOD(queue_of_tenants, "two have less each, and leave room",
                 "[shares]") {
  while (!is_over(one) || !is_over(two)) {
    if (!is_over(one))
      accept(one, 100);
    if (!is_over(two))
      accept(two, 100);
  }
  CHECK(depth == Approx(88'900).margin(200));
  CHECK_FALSE(is_over(three));
  accept(three, 5'000);
  CHECK_FALSE(is_over(three));
}

TEST_CASE_METHOD(queue_of_tenants, "a share of all is no limit", "[shares]") {
  shares.limit(100'000, 100);
  accept(one, 99'999);
  CHECK_FALSE(is_over(one));
  shares.limit(100'000, 50);
  CHECK(is_over(one));
}

TEST_CASE_METHOD(queue_of_tenants, "a count in the store is believed",
                 "[shares]") {
  accept(one, 20'000);
  accept(two, 10);
  shares.begin_count();
  // While the store counts:
  accept(one, 5);
  shares.note_count({{{one, 3}, {three, 30'000}}, true});
  CHECK(shares.size() == 2);
  CHECK(accept(three, 1) == 2);
  claim(one, 8);
  CHECK(accept(one, 1) == 0);
}

TEST_CASE_METHOD(queue_of_tenants, "a count that stopped early only adds",
                 "[shares]") {
  accept(one, 20'000);
  shares.begin_count();
  shares.note_count({{{one, 3}, {two, 1'500}}, false});
  CHECK(accept(one, 1) == 2);
  CHECK(accept(two, 1) == 1);
}

TEST_CASE_METHOD(queue_of_tenants, "who has nothing waiting is forgotten",
                 "[shares]") {
  for (int i = 0; i < 100; ++i) {
    auto who = owner::generate();
    accept(who, 2);
    claim(who, 2);
  }
  CHECK(shares.size() == 0);
  accept(one, 1);
  shares.begin_count();
  claim(one, 1);
  CHECK(shares.size() == 1);
  shares.note_count({});
  CHECK(shares.size() == 0);
}
