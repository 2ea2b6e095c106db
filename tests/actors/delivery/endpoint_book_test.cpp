#include "actors/delivery/endpoint_book.hpp"

#include <map>
#include <set>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using note_kind = db::endpoint_note::kind;

namespace {

const actors::endpoint_book::time_point book_start{std::chrono::hours(1)};
const db::timestamp book_noon{std::chrono::hours(1'000'000)};

db::endpoint book_endpoint(int max_in_flight = 8) {
  db::endpoint made;
  made.id = db::endpoint_id::generate();
  made.organization = db::organization_id::generate();
  made.url = "https://example.com/hook";
  made.max_in_flight = max_in_flight;
  made.secrets = {{"new", std::nullopt}, {"old", book_noon + 1h}};
  return made;
}

db::claimed_delivery book_delivery(const db::endpoint &to) {
  db::claimed_delivery made;
  made.id = db::delivery_id::generate();
  made.endpoint = to.id;
  made.organization = to.organization;
  made.event = db::event_id::generate();
  made.type = "invoice.paid";
  made.payload = R"({"n":1})";
  return made;
}

actors::verdict failed_attempt() {
  actors::verdict found;
  found.what = db::delivery_result::kind::retry;
  found.error = "answered 500";
  return found;
}

struct book_fixture {
  book_fixture() { book.set({at}, book_start); }

  void attempt(const actors::verdict &found, db::timestamp wall) {
    REQUIRE(book.begin(book_delivery(at), book_start));
    book.end(at.id, found, {.now = book_start, .wall = wall}, 2h);
  }

  db::endpoint at = book_endpoint();
  actors::endpoint_book book;
};

} // namespace

TEST_CASE_METHOD(book_fixture, "a request has what the endpoint wants") {
  auto one = book_delivery(at);
  auto request = book.request(one, book_noon);
  REQUIRE(request);
  CHECK(request->url == at.url);
  CHECK(request->id == one.event.to_string());
  CHECK(request->payload == one.payload);
  CHECK(request->secrets == std::vector<std::string>{"new", "old"});
  CHECK(book.request(one, book_noon + 1h)->secrets ==
        std::vector<std::string>{"new"});
  CHECK_FALSE(book.request(book_delivery(book_endpoint()), book_noon));
}

TEST_CASE_METHOD(book_fixture, "failing and well are noted once each") {
  attempt({}, book_noon);
  CHECK(book.take_notes().empty());
  attempt(failed_attempt(), book_noon);
  attempt(failed_attempt(), book_noon + 1h);
  attempt({}, book_noon + 1h);
  attempt({}, book_noon + 1h);
  auto notes = book.take_notes();
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].what == note_kind::failing);
  CHECK(notes[1].what == note_kind::well);
  CHECK(book.take_notes().empty());
}

TEST_CASE_METHOD(book_fixture, "an endpoint that fails for long is parked") {
  attempt(failed_attempt(), book_noon);
  attempt(failed_attempt(), book_noon + 2h - 1us);
  CHECK(book.take_notes().size() == 1);
  REQUIRE(book.begin(book_delivery(at), book_start));
  REQUIRE(book.begin(book_delivery(at), book_start));
  book.end(at.id, failed_attempt(), {.now = book_start, .wall = book_noon + 2h},
           2h);
  book.end(at.id, failed_attempt(), {.now = book_start, .wall = book_noon + 2h},
           2h);
  auto notes = book.take_notes();
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].what == note_kind::park);
  CHECK(notes[0].reason.find("answered 500") != std::string::npos);
  CHECK(book.shares(100, book_start).empty());
}

TEST_CASE_METHOD(book_fixture, "an endpoint that is gone is parked at once") {
  auto found = failed_attempt();
  found.is_gone = true;
  attempt(found, book_noon);
  auto notes = book.take_notes();
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].what == note_kind::park);
}

TEST_CASE_METHOD(book_fixture, "notes that were not taken come again first") {
  attempt(failed_attempt(), book_noon);
  auto notes = book.take_notes();
  attempt({}, book_noon);
  book.put_back(notes);
  notes = book.take_notes();
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].what == note_kind::failing);
}

TEST_CASE("each endpoint has its turn to be first") {
  std::vector<db::endpoint> all;
  for (int count = 0; count < 5; ++count)
    all.push_back(book_endpoint());
  actors::endpoint_book book;
  book.set(all, book_start);
  std::set<db::endpoint_id> first;
  for (int turn = 0; turn < 5; ++turn) {
    auto shares = book.shares(100, book_start);
    REQUIRE(shares.size() == 5);
    first.insert(shares.front().endpoint);
  }
  CHECK(first.size() == 5);
}

TEST_CASE("an endpoint that is not active is sent nothing, and comes back "
          "slowly") {
  auto one = book_endpoint();
  actors::endpoint_book book;
  book.set({one}, book_start);
  for (int count = 0; count < 5; ++count) {
    REQUIRE(book.begin(book_delivery(one), book_start));
    book.end(one.id, {}, {.now = book_start, .wall = book_noon}, 2h);
  }
  CHECK(book.shares(100, book_start).front().limit == 8);
  REQUIRE(book.begin(book_delivery(one), book_start));
  book.set({}, book_start);
  CHECK(book.shares(100, book_start).empty());
  CHECK_FALSE(book.begin(book_delivery(one), book_start));
  // What is in flight ends as it would have.
  book.end(one.id, failed_attempt(), {.now = book_start, .wall = book_noon},
           2h);
  CHECK(book.take_notes().size() == 1);
  book.set({}, book_start);
  CHECK(book.empty());
  book.set({one}, book_start);
  CHECK(book.shares(100, book_start).front().limit == 1);
}

namespace {

/// Many endpoints on few places.
struct crowded_book {
  explicit crowded_book(int endpoints) {
    for (int count = 0; count < endpoints; ++count)
      all.push_back(book_endpoint());
    book.set(all, book_start);
    for (const auto &one : all)
      arrive(one);
  }

  void arrive(const db::endpoint &at) {
    REQUIRE(book.begin(book_delivery(at), book_start));
    book.end(at.id, {}, {.now = book_start, .wall = book_noon}, 2h);
  }

  /// Takes all that is offered to these, as if much were due everywhere.
  /// Returns how many could begin.
  int take(std::size_t first, std::size_t count,
           actors::endpoint_book::time_point now) {
    std::map<db::endpoint_id, db::endpoint> wanted;
    for (std::size_t at = first; at < first + count; ++at)
      wanted.emplace(all[at].id, all[at]);
    auto begun = 0;
    auto room = book.room(most, now);
    for (const auto &share : book.shares(room, now)) {
      const auto found = wanted.find(share.endpoint);
      for (int left = share.limit;
           found != wanted.end() && left > 0 && room > 0; --left)
        if (book.begin(book_delivery(found->second), now)) {
          --room;
          ++begun;
        }
    }
    return begun;
  }

  static constexpr int most = 64;
  std::vector<db::endpoint> all;
  actors::endpoint_book book;
};

} // namespace

TEST_CASE("endpoints that hang leave places to those that answer") {
  crowded_book crowd(40);
  auto now = book_start;
  // All at once, before anybody can know.
  CHECK(crowd.take(0, 24, now) == crowd.most - crowd.most / 4);
  CHECK(crowd.take(24, 16, now) == 0);
  now += actors::endpoint_lane::least_patience;
  CHECK(crowd.take(0, 24, now) == 0);
  CHECK(crowd.take(24, 16, now) == crowd.most / 4);
  // Never more than there are.
  now += actors::endpoint_lane::least_patience;
  CHECK(crowd.take(0, 40, now) == 0);
}

TEST_CASE("endpoints that are not proven have half of the usual places") {
  constexpr auto half = crowded_book::most * 3 / 4 / 2;
  crowded_book crowd(40);
  for (const auto &one : crowd.all) {
    REQUIRE(crowd.book.begin(book_delivery(one), book_start));
    crowd.book.end(one.id, failed_attempt(),
                   {.now = book_start, .wall = book_noon}, 2h);
  }
  auto now = book_start;
  CHECK(crowd.take(0, 40, now) == half);
  for (int turn = 0; turn < 100; ++turn)
    CHECK(crowd.take(0, 40, now += 50ms) == 0);
  // A place that becomes free is theirs again.
  for (const auto &one : crowd.all)
    if (crowd.book.in_flight(one.id) > 0) {
      crowd.book.end(one.id, failed_attempt(), {.now = now, .wall = book_noon},
                     2h);
      break;
    }
  CHECK(crowd.take(0, 40, now + 2s) == 1);
}
