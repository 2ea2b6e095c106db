#include "db/sqlite/ledger.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <span>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "db/model/ledger_rests.hpp"
#include "db/sqlite/errors.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr std::size_t id_bytes_size = sizeof(uuid::bytes_type);

/// One side's ids without the ids: how many, and a sum that their order has
/// no influence on.
struct tally {
  std::int64_t count = 0;
  std::uint64_t sum = 0;

  bool operator==(const tally &) const = default;
};

/// Bits of the one so that each depends on all of the other (splitmix64).
constexpr std::uint64_t mix(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL;
  return bits ^ (bits >> 31);
}

std::uint64_t checksum(const uuid &id) {
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), id.bytes().data(), id_bytes_size);
  return mix(halves[0] + 0x9E3779B97F4A7C15ULL + mix(halves[1]));
}

constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(0xFF);
  for (std::uint8_t digit = 0; digit < 10; ++digit)
    values['0' + digit] = digit;
  for (std::uint8_t digit = 0; digit < 6; ++digit) {
    values['a' + digit] = static_cast<std::uint8_t>(10 + digit);
    values['A' + digit] = static_cast<std::uint8_t>(10 + digit);
  }
  return values;
}();

/// For a message: the beginning of it, without what a terminal obeys.
std::string printable(std::string_view text) {
  std::string shown(text.substr(0, 40));
  for (auto &character : shown)
    if (character < ' ' || character > '~')
      character = '?';
  return shown;
}

/// As `uuid::parse`, for millions: without a look at the dashes.
uuid read_id(std::string_view text) {
  static constexpr std::array<std::uint8_t, id_bytes_size> positions{
      0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
  uuid::bytes_type bytes{};
  std::uint8_t faults = text.size() == 36 ? 0 : 0xF0;
  for (std::size_t i = 0; i < id_bytes_size && faults == 0; ++i) {
    auto at = positions[i];
    auto high = digit_values[static_cast<std::uint8_t>(text[at])];
    auto low = digit_values[static_cast<std::uint8_t>(text[at + 1U])];
    faults = (high | low) & 0xF0;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (faults != 0)
    throw refusal(errc::rejected, "a row of events, event_queue or discarded "
                                  "has an id that is none: '" +
                                      printable(text) + "'");
  return uuid(bytes);
}

/// Remembers the last organization: rows come in long runs of one.
class owner_reader {
public:
  organization_id read(std::string_view text) {
    if (text != text_) {
      owner_ = organization_id(read_id(text));
      text_ = text;
    }
    return owner_;
  }

private:
  std::string text_;
  organization_id owner_;
};

/// The ids of the current row of `ledger_ids`.
std::string_view ids_of(statement_loan &row) {
  auto blob = row->getColumn(3);
  auto size = static_cast<std::size_t>(blob.getBytes());
  if (size % id_bytes_size != 0)
    throw refusal(errc::rejected, "an entry of the ledger is cut off");
  return {static_cast<const char *>(blob.getBlob()), size};
}

template <class Use>
void for_each_id(std::string_view ids, Use use) {
  uuid::bytes_type bytes{};
  for (; !ids.empty(); ids.remove_prefix(id_bytes_size)) {
    std::memcpy(bytes.data(), ids.data(), id_bytes_size);
    use(uuid(bytes));
  }
}

constexpr std::pair<const char *, std::int64_t ledger_sums::*> places[] = {
    {sql::event_ids, &ledger_sums::stored},
    {sql::queue_ids, &ledger_sums::waiting},
    {sql::discarded_ids, &ledger_sums::discarded},
};

std::int64_t ledger_sums::*sum_of(std::string_view kind) {
  if (kind == "adopted")
    return &ledger_sums::adopted;
  if (kind == "written_off")
    return &ledger_sums::written_off;
  return &ledger_sums::accepted;
}

/// Takes the rests of a comparison.
class resting {
public:
  explicit resting(std::chrono::microseconds in_all)
      : left_(in_all / ledger_rests::length) {}

  void count_id() {
    if (++ids_ % ledger_rests::ids_between != 0 || left_ == 0)
      return;
    --left_;
    std::this_thread::sleep_for(ledger_rests::length);
  }

private:
  std::int64_t left_;
  std::int64_t ids_ = 0;
};

/// The first look: what is cheap to know of everything.
class overview {
public:
  overview(connection &database, std::chrono::microseconds rests)
      : resting_(rests) {
    read_ledger(database);
    for (const auto &[sql, member] : places)
      read_place(database, sql, sums_.*member);
    // The same id in two places and, by a bug, twice in the ledger would
    // make sums that are equal.
    auto rows = database.statement(sql::doubled_owners);
    while (rows.next())
      doubled_.insert(organization_id(rows.id(0)));
  }

  const ledger_sums &sums() const { return sums_; }

  /// The organizations that need a second look.
  std::set<organization_id> suspects() const {
    auto found = doubled_;
    for (const auto &[owner, both] : tallies_)
      if (!(both.booked == both.found))
        found.insert(owner);
    return found;
  }

private:
  struct sides {
    tally booked;
    tally found;
  };

  void read_ledger(connection &database) {
    auto rows = database.statement(sql::ledger_ids);
    owner_reader owners;
    while (rows.next()) {
      auto kind = sum_of(rows.text_view(1));
      sums_.*kind += rows.number(2);
      auto &booked = tallies_[owners.read(rows.text_view(0))].booked;
      bool is_gone = kind == &ledger_sums::written_off;
      for_each_id(ids_of(rows), [&](const uuid &id) {
        booked.count += is_gone ? -1 : 1;
        booked.sum += is_gone ? 0 - checksum(id) : checksum(id);
        resting_.count_id();
      });
    }
  }

  void read_place(connection &database, const char *sql, std::int64_t &sum) {
    auto rows = database.statement(sql);
    owner_reader owners;
    organization_id current;
    tally *found = nullptr;
    while (rows.next()) {
      auto owner = owners.read(rows.text_view(0));
      if (found == nullptr || owner != current)
        found = &tallies_[owner].found;
      current = owner;
      ++found->count;
      found->sum += checksum(read_id(rows.text_view(1)));
      ++sum;
      resting_.count_id();
    }
  }

  resting resting_;
  ledger_sums sums_;
  // Its elements stay where they are when it grows.
  std::unordered_map<organization_id, sides> tallies_;
  std::set<organization_id> doubled_;
};

/// The second look, at the ids of the organizations that need one.
class closer_look {
public:
  closer_look(connection &database, const std::set<organization_id> &suspects)
      : suspects_(suspects) {
    read_ledger(database);
    for (const auto &place : places)
      read_place(database, place.first);
  }

  std::vector<ledger_difference> differences() {
    std::sort(marks_.begin(), marks_.end(), [](const mark &a, const mark &b) {
      return std::tie(a.id, a.owner) < std::tie(b.id, b.owner);
    });
    std::vector<ledger_difference> all;
    for (auto at = marks_.begin(); at != marks_.end();) {
      auto sum = ledger_difference{at->owner, at->id, 0, 0};
      for (; at != marks_.end() && at->id == sum.id && at->owner == sum.owner;
           ++at) {
        sum.wanted += at->wanted;
        sum.found += at->found;
      }
      if (sum.wanted != sum.found || sum.found > 1)
        all.push_back(sum);
    }
    return all;
  }

private:
  /// One mention of an id, on one side.
  struct mark {
    event_id id;
    organization_id owner;
    std::int8_t wanted = 0;
    std::int8_t found = 0;
  };

  void read_ledger(connection &database) {
    auto rows = database.statement(sql::ledger_ids);
    owner_reader owners;
    while (rows.next()) {
      auto owner = owners.read(rows.text_view(0));
      if (!suspects_.contains(owner))
        continue;
      bool is_gone = sum_of(rows.text_view(1)) == &ledger_sums::written_off;
      auto wanted = static_cast<std::int8_t>(is_gone ? -1 : 1);
      for_each_id(ids_of(rows), [&](const uuid &id) {
        marks_.push_back({event_id(id), owner, wanted, 0});
      });
    }
  }

  void read_place(connection &database, const char *sql) {
    auto rows = database.statement(sql);
    owner_reader owners;
    while (rows.next()) {
      auto owner = owners.read(rows.text_view(0));
      if (suspects_.contains(owner))
        marks_.push_back({event_id(read_id(rows.text_view(1))), owner, 0, 1});
    }
  }

  const std::set<organization_id> &suspects_;
  std::vector<mark> marks_;
};

} // namespace

ledger_fault::kind ledger_difference::what() const {
  if (found > 1)
    return ledger_fault::kind::doubled;
  return wanted > found ? ledger_fault::kind::missing
                        : ledger_fault::kind::surplus;
}

ledger_report ledger_comparison::report(int most) const {
  ledger_report made{at, position, sums, 0, {}};
  made.fault_count = static_cast<std::int64_t>(differences.size());
  auto named = std::min<std::int64_t>(made.fault_count, std::max(most, 0));
  for (const auto &difference :
       std::span(differences).first(static_cast<std::size_t>(named)))
    made.faults.push_back({difference.what(), difference.owner, difference.id});
  return made;
}

ledger_comparison compare_ledger(connection &database, timestamp now,
                                 std::chrono::microseconds rests) {
  ledger_comparison made;
  made.at = now;
  {
    auto query = database.statement(sql::ledger_position);
    made.position = query.next() ? query.number(0) : 0;
  }
  overview first(database, rests);
  made.sums = first.sums();
  auto suspects = first.suspects();
  if (!suspects.empty())
    made.differences = closer_look(database, suspects).differences();
  return made;
}

} // namespace sluice::db::sqlite
