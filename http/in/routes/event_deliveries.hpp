#pragma once

#include <optional>
#include <string>
#include <vector>

#include "db/model/delivery.hpp"
#include "db/model/event.hpp"
#include "db/store.hpp"

/// What became of an event at its endpoints, for owners and for operators.
namespace sluice::http {

/// Where an event is, and what its deliveries went through: a hundred attempts
/// at the most.
struct seen_event {
  db::event_view view;
  std::vector<db::attempt_record> attempts;
};

/// Nothing for another's event, and for one that is nowhere.
db::result<std::optional<seen_event>>
look_at(db::store &session, db::organization_id owner, db::event_id id);

/// Its deliveries, each with its attempts, oldest first.
std::string deliveries_json(const seen_event &seen);

} // namespace sluice::http
