#include "actors/drill/delivery_drills.hpp"

#include <algorithm>
#include <optional>

#include "actors/drill/drillable_port.hpp"

namespace sluice::actors {

namespace {

constexpr int slow_at_once = 4;
constexpr int quick_at_once = 8;

db::endpoint make_endpoint(const drill_report &report, const std::string &name,
                           int at_once) {
  db::endpoint made;
  made.id = db::endpoint_id::generate();
  made.organization = report.owner;
  made.url = drill_url(name);
  made.description = mark_of(report);
  made.max_in_flight = at_once;
  made.inserted_at = db::system_now();
  made.updated_at = made.inserted_at;
  return made;
}

bool create(drill_stage &on, const db::endpoint &one) {
  const auto made = on.door().ask<bool>([one](db::store &session) {
    constexpr int most = 2;
    return session.create_endpoint(one, most);
  });
  return made && *made;
}

/// How many of the events that were taken have a delivery to this endpoint
/// that is as wanted; nothing while the store can't say.
std::optional<int> count(drill_stage &on, db::endpoint_id to,
                         bool is_delivered) {
  int found = 0;
  for (const auto &one : on.load().sent()) {
    const auto seen = on.door().ask<std::optional<db::event_view>>(
        [owner = on.report().owner, id = one.id](db::store &session) {
          return session.find_event(owner, id);
        });
    if (!seen)
      return std::nullopt;
    if (!*seen)
      continue;
    found += static_cast<int>(std::ranges::count_if(
        (*seen)->deliveries, [&](const db::delivery &each) {
          using enum db::delivery_status;
          const auto waits = each.status == pending || each.status == sending ||
                             each.status == failed;
          return each.endpoint == to.value() &&
                 (is_delivered ? each.status == delivered : waits);
        }));
  }
  return found;
}

bool are_all_delivered(drill_stage &on, db::endpoint_id to) {
  return count(on, to, true) == on.load().taken();
}

} // namespace

void rehearse_slow_endpoint(drill_stage &on) {
  const auto slow = make_endpoint(on.report(), "slow", slow_at_once);
  const auto quick = make_endpoint(on.report(), "quick", quick_at_once);
  if (!create(on, slow) || !create(on, quick))
    return on.fail("its endpoints could not be made");
  on.faults().keep_from_answering(slow.url, on.limits().fault);
  on.door().endpoints_changed();
  on.say("sending events to an endpoint that answers, and to one that does "
         "not");
  on.load().begin(on.report().asked.events, on.limits().load / 3);
  on.load().finish();
  if (!on.wait(on.limits().recovery,
               [&] { return are_all_delivered(on, quick.id); }))
    return on.fail("an endpoint that hangs held up another one");
  const auto most = on.faults().most_waiting();
  on.note("most_at_once", most);
  if (most == 0)
    return on.fail("nothing was sent to the slow endpoint, so nothing was "
                   "proven");
  if (most > slow_at_once)
    on.fail("the slow endpoint was sent more at once than its limit");
  const auto kept = count(on, slow.id, false);
  on.note("kept", kept ? json(*kept) : json(nullptr));
  if (kept != on.load().taken())
    on.fail("deliveries to the slow endpoint were dropped");
  const auto begun = drill_stage::clock::now();
  on.say("the slow endpoint answers again");
  on.faults().clear();
  if (!on.recover(begun, on.limits().recovery,
                  [&] { return are_all_delivered(on, slow.id); }))
    on.fail("what the slow endpoint missed was not delivered");
}

} // namespace sluice::actors
