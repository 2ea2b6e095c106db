#include <algorithm>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

std::vector<db::event_id> ids_of(const std::vector<db::inbox_entry> &page) {
  std::vector<db::event_id> ids;
  for (const auto &entry : page)
    ids.push_back(entry.id);
  return ids;
}

} // namespace

TEST_CASE("the inbox holds an organization's stored events, oldest first",
          "[conformance]") {
  bench on(EACH_STORE);
  auto accepted_at = on.clock().now();
  auto event =
      make_event(on.owner(), {.payload = "{\"a\": 1}", .dedup_id = "k"});
  on.accept(event);
  auto ids = on.accept_some(5);
  CHECK(on.inbox().empty());
  on.clock().advance(3s);
  on.move_all();
  ids.insert(ids.begin(), event.id);
  auto page = on.inbox();
  CHECK(ids_of(page) == ids);
  CHECK(page[0].type == event.type);
  CHECK(page[0].payload == event.payload);
  CHECK(page[0].dedup_id == "k");
  CHECK(!page[1].dedup_id);
  CHECK(page[0].accepted_at == accepted_at);
  CHECK(page[0].stored_at == on.clock().now());
  CHECK(page[0].status == db::delivery_status::pending);
  CHECK(page[0].attempts == 0);
}

TEST_CASE("pages of the inbox follow one another without gap or repeat",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(25);
  on.move_all();
  auto acked = std::vector{ids[3], ids[4], ids[20]};
  value_of(on.session().acknowledge(on.owner(), acked));

  auto query = on.query();
  SECTION("by position") {
    std::vector<db::event_id> found;
    query.limit = 10;
    for (auto page = on.inbox(query); !page.empty(); page = on.inbox(query)) {
      CHECK(page.size() <= 10);
      CHECK(std::is_sorted(page.begin(), page.end(),
                           [](const auto &a, const auto &b) {
                             return a.position < b.position;
                           }));
      for (const auto &entry : page)
        found.push_back(entry.id);
      query.after = page.back().position;
    }
    CHECK(found == ids);
  }
  SECTION("by offset") {
    query.offset = 20;
    CHECK(ids_of(on.inbox(query)) == std::vector(ids.begin() + 20, ids.end()));
    query.offset = 25;
    CHECK(on.inbox(query).empty());
  }
  SECTION("by offset behind a position") {
    query.limit = 5;
    query.after = on.inbox(query).back().position;
    query.offset = 2;
    query.limit = 3;
    CHECK(ids_of(on.inbox(query)) ==
          std::vector(ids.begin() + 7, ids.begin() + 10));
  }
  SECTION("of one status") {
    query.status = db::delivery_status::delivered;
    auto delivered = on.inbox(query);
    CHECK(ids_of(delivered) == acked);
    CHECK(delivered[0].status == db::delivery_status::delivered);
    query.status = db::delivery_status::pending;
    query.after = delivered[1].position;
    auto pending = on.inbox(query);
    CHECK(pending.size() == 19);
    CHECK(pending.front().id == ids[5]);
    query.status = db::delivery_status::failed;
    CHECK(on.inbox(query).empty());
  }
}

TEST_CASE("acknowledge tells what became of each id, in order",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  on.move_all();
  auto queued = on.accept_some(1).at(0);
  on.clock().advance(7s);
  auto named =
      std::vector{ids[1], db::event_id::generate(), ids[1], queued, ids[0]};
  auto outcomes = value_of(on.session().acknowledge(on.owner(), named));
  CHECK(outcomes ==
        std::vector{db::ack_outcome::acknowledged, db::ack_outcome::not_found,
                    db::ack_outcome::already, db::ack_outcome::not_found,
                    db::ack_outcome::acknowledged});
  CHECK(value_of(on.session().acknowledge(on.owner(), ids)) ==
        std::vector(2, db::ack_outcome::already));
  CHECK(value_of(on.session().acknowledge(on.owner(), {})).empty());
  auto view = value_of(on.session().find_event(on.owner(), ids[0]));
  CHECK(view->where == db::event_view::place::stored);
  CHECK(view->deliveries.at(0).status == db::delivery_status::delivered);
  CHECK(view->deliveries.at(0).updated_at == on.clock().now());
  CHECK(on.count("events") == 2);
}

TEST_CASE("one organization never sees or touches another's events",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto stored = on.accept_some(1).at(0);
  on.move_all();
  auto held = on.accept_some(1).at(0);
  auto taken = on.claim();
  auto queued = on.accept_some(1).at(0);
  for (auto id : {stored, held, queued}) {
    CHECK(value_of(on.session().find_event(on.owner(), id)));
    CHECK(!value_of(on.session().find_event(other.id(), id)));
    CHECK(value_of(on.session().acknowledge(other.id(), {&id, 1})) ==
          std::vector{db::ack_outcome::not_found});
  }
  auto query = on.query();
  query.organization = other.id();
  CHECK(on.inbox(query).empty());
  query.after = on.inbox().at(0).position;
  CHECK(on.inbox(query).empty());
  CHECK(on.inbox().at(0).status == db::delivery_status::pending);
  CHECK(value_of(on.session().keys(other.id())).size() == 1);
  CHECK(value_of(on.session().keys(other.id())).at(0).id == other.key.id);
  value_of(on.session().rotate_key(make_key(other.id(), on.clock().now()), 0s));
  CHECK(value_of(on.session().find_key(on.first_tenant().key.hash)));
}

TEST_CASE("a session for reading reads what others have written",
          "[conformance]") {
  bench on(EACH_STORE);
  auto reader = on.store().connect(db::purpose::read);
  auto ids = on.accept_some(3);
  CHECK(value_of(reader->depth(10)).pending == 3);
  on.move_all();
  CHECK(value_of(reader->inbox(on.query())).size() == 3);
  CHECK(value_of(reader->find_event(on.owner(), ids[0])));
  CHECK(value_of(reader->find_key(on.first_tenant().key.hash)));
  CHECK(value_of(reader->keys(on.owner())).size() == 1);
  CHECK(value_of(reader->acknowledge(on.owner(), ids)).size() == 3);
}
