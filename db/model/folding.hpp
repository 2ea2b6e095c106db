#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "db/model/ledger.hpp"

/// How the ledger is folded: the decisions that all stores share. Pure.
namespace sluice::db {

/// Where folding has come to, the position of an entry, in `control`: all
/// entries up to there are folded, or stay as they are for good.
inline constexpr std::string_view folded_to_key = "ledger.folded_to";
inline constexpr std::string_view verdict_key = "ledger.verdict";

/// Kinds that have the ids of their events.
inline constexpr std::array<std::string_view, 5> kinds_with_ids{
    "accepted", "created", "opening", "adopted", "written_off"};
/// Kinds that are a number only.
inline constexpr std::array<std::string_view, 6> kinds_of_numbers{
    "stored",    "requeued",
    "discarded", "discarded_quarantined",
    "undoubled", "undoubled_quarantined"};

bool has_ids(std::string_view kind);
bool is_number(std::string_view kind);

/// An entry of this many ids stays alone: what surrounds the ids weighs
/// nothing any more, and writing them once more would.
inline constexpr std::int64_t full_entry = 500;
/// Ids of one call, nearly: they bound its time.
inline constexpr std::int64_t most_ids_of_a_fold = 5'000;
/// Earlier entries that a fold looks at, for each kind and organization.
inline constexpr int most_neighbours = 12;
/// Entries in which one call looks for ids that were written off.
inline constexpr int most_holders = 16;

/// Whether an earlier entry with `neighbour` ids is merged with later ones of
/// `sum` ids. Entries then shrink by half from one to the next, or are full:
/// there are few, and an id is written once for each doubling only.
bool is_merged(std::int64_t neighbour, std::int64_t sum);

/// The entries that one call takes: neighbours, or a single `written_off`.
class folding_window {
public:
  /// An entry as it stands in the ledger.
  struct entry {
    std::int64_t position = 0;
    std::string_view kind;
    std::int64_t count = 0;
    bool is_old = false;
  };

  explicit folding_window(const compaction_request &request)
      : request_(request) {}

  /// Entries are offered in the order of their positions. False: this one and
  /// all that follow stay out.
  bool take(const entry &next);

  /// Whether there is enough in it.
  bool is_worth_it() const {
    return size_ > 0 && (has_more_ || size_ >= request_.at_least);
  }
  bool has_more() const { return has_more_; }
  bool is_write_off() const { return is_write_off_; }
  /// The newest of it.
  std::int64_t last() const { return last_; }

private:
  bool is_full() const;

  compaction_request request_;
  int size_ = 0;
  std::int64_t ids_ = 0;
  std::int64_t last_ = 0;
  bool is_write_off_ = false;
  bool has_more_ = false;
};

/// The verdict as it stands in `control`.
std::string write_verdict(const ledger_verdict &verdict);
std::optional<ledger_verdict> read_verdict(std::string_view text);

} // namespace sluice::db
