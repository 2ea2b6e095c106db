#include "db/model/folding.hpp"

#include <algorithm>

#include "db/model/pair_line.hpp"

namespace sluice::db {

namespace {

constexpr std::string_view write_off = "written_off";

} // namespace

bool has_ids(std::string_view kind) {
  return std::find(kinds_with_ids.begin(), kinds_with_ids.end(), kind) !=
         kinds_with_ids.end();
}

bool is_number(std::string_view kind) {
  return std::find(kinds_of_numbers.begin(), kinds_of_numbers.end(), kind) !=
         kinds_of_numbers.end();
}

bool is_merged(std::int64_t neighbour, std::int64_t sum) {
  return neighbour < full_entry && neighbour <= 2 * sum;
}

bool folding_window::take(const entry &next) {
  if (!next.is_old || has_more_)
    return false;
  auto is_off = next.kind == write_off;
  if (is_full() || (is_off && size_ > 0)) {
    has_more_ = true;
    return false;
  }
  ++size_;
  ids_ += has_ids(next.kind) ? next.count : 0;
  last_ = next.position;
  is_write_off_ = is_off;
  return true;
}

bool folding_window::is_full() const {
  return size_ >= request_.limit || ids_ >= most_ids_of_a_fold || is_write_off_;
}

std::string write_verdict(const ledger_verdict &verdict) {
  std::string line;
  add_pair(line, "balanced", verdict.is_balanced ? 1 : 0);
  add_pair(line, "faults", verdict.fault_count);
  add_pair(line, "at", verdict.checked_at.time_since_epoch().count());
  return line;
}

std::optional<ledger_verdict> read_verdict(std::string_view text) {
  auto balanced = find_pair(text, "balanced");
  auto faults = find_pair(text, "faults");
  auto at = find_pair(text, "at");
  if (!balanced || !faults || !at)
    return std::nullopt;
  return ledger_verdict{.is_balanced = *balanced != 0,
                        .fault_count = *faults,
                        .checked_at = timestamp(std::chrono::microseconds(*at)),
                        .age = {}};
}

} // namespace sluice::db
