#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/model/event.hpp"
#include "db/model/ids.hpp"

namespace sluice::db::postgres {

/// What a later session needs to find out whether a lost transaction was
/// committed. The data itself decides, not the transaction's number: after a
/// crash PostgreSQL may give the same number to another transaction.
struct doubt {
  enum class question : std::uint8_t {
    /// Committed when event `row` of `owner` is anywhere in the database; so
    /// were all others of the batch. No `row`: nothing was written.
    accepted,
    /// Committed when none of `ids` (no ids: no item) carries fence `row`.
    fence_left,
    /// Committed when an item carries fence `row`.
    fence_set,
    /// Committed when the row with id `row` is there.
    organization_there,
    key_there,
    node_there,
    /// Committed when it is not.
    node_gone,
    /// Committed when `audit_log` has the act `row`.
    audited,
    /// May be repeated without harm, so it counts as not committed.
    repeatable,
  };
  question what = question::repeatable;
  uuid row;
  uuid owner;
  std::vector<event_id> ids;
  std::vector<accept_outcome> outcomes;
  /// The advisory lock that the lost transaction holds until its end.
  std::int64_t lock = 0;
};

std::string encode(const doubt &value);
std::optional<doubt> decode_doubt(std::string_view text);

} // namespace sluice::db::postgres
