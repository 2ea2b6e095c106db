#include "db/model/folding.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

db::folding_window::entry entry_at(std::int64_t position,
                                   std::string_view kind = "accepted") {
  return {.position = position, .kind = kind, .count = 1, .is_old = true};
}

} // namespace

TEST_CASE("a fold ends at its limit, and says that there is more") {
  db::folding_window window({.older_than = {}, .limit = 2, .at_least = 1});
  CHECK(!window.is_worth_it());
  CHECK(window.take(entry_at(4)));
  CHECK(window.take(entry_at(7)));
  CHECK(!window.has_more());
  CHECK(!window.take(entry_at(9)));
  CHECK(window.has_more());
  CHECK(window.last() == 7);
}

TEST_CASE("a fold ends at the first young entry") {
  db::folding_window window({.older_than = {}, .limit = 9, .at_least = 2});
  CHECK(window.take(entry_at(1)));
  auto young = entry_at(2);
  young.is_old = false;
  CHECK(!window.take(young));
  CHECK(!window.has_more());
  CHECK(!window.is_worth_it());
}

TEST_CASE("a fold ends when it has ids enough") {
  db::folding_window window({.older_than = {}, .limit = 9, .at_least = 1});
  auto large = entry_at(1);
  large.count = db::most_ids_of_a_fold;
  CHECK(window.take(large));
  CHECK(!window.take(entry_at(2)));
  CHECK(window.has_more());
  // A number is not so many ids.
  db::folding_window numbers({.older_than = {}, .limit = 9, .at_least = 1});
  large.kind = "stored";
  CHECK(numbers.take(large));
  CHECK(numbers.take(entry_at(2)));
}

TEST_CASE("what was written off is a fold of its own") {
  db::folding_window before({.older_than = {}, .limit = 9, .at_least = 5});
  CHECK(before.take(entry_at(1)));
  CHECK(!before.take(entry_at(2, "written_off")));
  CHECK(before.is_worth_it());
  CHECK(!before.is_write_off());
  db::folding_window itself({.older_than = {}, .limit = 9, .at_least = 1});
  CHECK(itself.take(entry_at(2, "written_off")));
  CHECK(itself.is_write_off());
  CHECK(!itself.take(entry_at(3)));
  CHECK(itself.is_write_off());
  CHECK(itself.last() == 2);
}

TEST_CASE("neighbours are merged unless they are much larger, or full") {
  CHECK(db::is_merged(0, 0));
  CHECK(db::is_merged(20, 10));
  CHECK(!db::is_merged(21, 10));
  CHECK(!db::is_merged(db::full_entry, db::full_entry));
}

TEST_CASE("a verdict is read as it was written") {
  db::ledger_verdict verdict{.is_balanced = false,
                             .fault_count = 12,
                             .checked_at =
                                 db::timestamp(std::chrono::microseconds(7)),
                             .age = {}};
  CHECK(db::write_verdict(verdict) == "balanced=0 faults=12 at=7");
  auto read = db::read_verdict("balanced=0 faults=12 at=7");
  REQUIRE(read);
  CHECK(!read->is_balanced);
  CHECK(read->fault_count == 12);
  CHECK(read->checked_at == verdict.checked_at);
  CHECK(!db::read_verdict("balanced=0 at=7"));
  CHECK(!db::read_verdict(""));
}
