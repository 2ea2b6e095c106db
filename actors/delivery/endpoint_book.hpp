#pragma once

#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/delivery/endpoint_lane.hpp"
#include "actors/delivery/verdict.hpp"
#include "db/model/delivery.hpp"

namespace sluice::actors {

/// When an attempt ended.
struct attempt_times {
  endpoint_lane::time_point now;
  /// The same for people, and for `park_after`.
  db::timestamp wall;
  std::chrono::microseconds took{0};
};

/// The endpoints that are sent to: how much each has room for, and what is to
/// be noted about it. Those that hang don't take the places of those that
/// answer: a quarter of all places is kept while nothing hangs, and endpoints
/// that are not proven have half of the others at the most; what they took
/// before it was known that they hang is made up for from the quarter. Pure:
/// time comes in as a parameter. Belongs to one thread.
class endpoint_book {
public:
  using time_point = endpoint_lane::time_point;

  /// These are the active ones now. One that was there keeps its lane; one
  /// that comes back begins slowly.
  void set(std::vector<db::endpoint> active, time_point now);

  /// How many attempts may begin now, if `most` may be in flight. To be asked
  /// before `shares`.
  int room(int most, time_point now);

  /// What each endpoint has room for, `limit` at the most, in an order that
  /// changes from call to call.
  std::vector<db::delivery_share> shares(int limit, time_point now);

  /// An attempt begins. False: it must not, because the endpoint is not active
  /// any more, or has to wait for a place.
  bool begin(const db::claimed_delivery &one, time_point now);

  /// It has ended so.
  void end(db::endpoint_id id, const verdict &found, const attempt_times &times,
           std::chrono::milliseconds park_after);

  /// The request for this delivery; nothing when its endpoint is gone.
  std::optional<webhook_request> request(const db::claimed_delivery &one,
                                         db::timestamp wall) const;

  /// What is to be noted in the store; taken once.
  std::vector<db::endpoint_note> take_notes();

  /// The same again, because it could not be noted.
  void put_back(std::vector<db::endpoint_note> notes);

  int in_flight(db::endpoint_id id) const;

  bool empty() const { return lanes_.empty(); }

private:
  struct entry {
    db::endpoint at;
    endpoint_lane lane;
    bool is_active = true;
    bool is_parked = false;
  };

  void note(entry &one, db::endpoint_note::kind what, std::string reason = {});

  std::map<db::endpoint_id, entry> lanes_;
  std::vector<db::endpoint_note> notes_;
  /// How many places the unproven may have, and have.
  int most_unproven_ = std::numeric_limits<int>::max();
  int unproven_ = 0;
  /// Whose turn it is.
  std::optional<db::endpoint_id> next_;
};

} // namespace sluice::actors
