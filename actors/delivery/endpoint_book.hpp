#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/delivery/endpoint_lane.hpp"
#include "actors/delivery/verdict.hpp"
#include "db/model/delivery.hpp"

namespace sluice::actors {

/// The endpoints that are sent to: how much each has room for, and what is to
/// be noted about it. Pure: time comes in as a parameter. Belongs to one
/// thread.
class endpoint_book {
public:
  using time_point = endpoint_lane::time_point;

  /// These are the active ones now. One that was there keeps its lane; one
  /// that comes back begins slowly.
  void set(std::vector<db::endpoint> active, time_point now);

  /// What each endpoint has room for, `limit` at the most, in an order that
  /// changes from call to call.
  std::vector<db::delivery_share> shares(int limit, time_point now);

  /// An attempt begins. False: the endpoint is not active any more.
  bool begin(const db::claimed_delivery &one, time_point now);

  /// It has ended so. `wall` is the time for people, and for `park_after`.
  void end(db::endpoint_id id, const verdict &found, time_point now,
           db::timestamp wall, std::chrono::milliseconds park_after);

  /// It was not made.
  void give_back(db::endpoint_id id);

  /// The request for this delivery; nothing when its endpoint is gone.
  std::optional<webhook_request> request(const db::claimed_delivery &one,
                                         db::timestamp wall) const;

  /// What is to be noted in the store; taken once.
  std::vector<db::endpoint_note> take_notes();

  /// The same again, because it could not be noted.
  void put_back(std::vector<db::endpoint_note> notes);

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
  /// Whose turn it is.
  std::optional<db::endpoint_id> next_;
};

} // namespace sluice::actors
