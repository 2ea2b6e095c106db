#include "config/rules.hpp"

#include <array>

namespace sluice::config {

namespace {

using namespace std::chrono_literals;

constexpr std::array known_rules = {
    rule{.left = "store.connect_timeout",
         .relation = "at most",
         .right = "store.call_timeout",
         .holds =
             [](const settings &all) {
               return all.store.connect_timeout <= all.store.call_timeout;
             }},
    rule{.left = "processor.min_poll_interval",
         .relation = "at most",
         .right = "processor.max_poll_interval",
         .holds =
             [](const settings &all) {
               return all.processor.min_poll_interval <=
                      all.processor.max_poll_interval;
             }},
    rule{.left = "processor.max_poll_interval",
         .relation = "at most",
         .right = "processor.idle_poll_interval",
         .holds =
             [](const settings &all) {
               return all.processor.max_poll_interval <=
                      all.processor.idle_poll_interval;
             }},
    // A call may need a second more to end; while it runs, its items must not
    // be given to somebody else.
    rule{.left = "processor.stuck_item_timeout",
         .relation = "more than 1s above",
         .right = "store.call_timeout",
         .holds =
             [](const settings &all) {
               return all.processor.stuck_item_timeout >
                      all.store.call_timeout + 1s;
             }},
    rule{.left = "delivery.connect_timeout",
         .relation = "at most",
         .right = "delivery.timeout",
         .holds =
             [](const settings &all) {
               return all.delivery.connect_timeout <= all.delivery.timeout;
             }},
    rule{.left = "health.warning_depth",
         .relation = "at most",
         .right = "health.critical_depth",
         .holds =
             [](const settings &all) {
               return all.health.warning_depth <= all.health.critical_depth;
             }},
    // One heartbeat may be missed.
    rule{.left = "node.dead_after",
         .relation = "more than twice",
         .right = "node.heartbeat_interval",
         .holds =
             [](const settings &all) {
               return all.node.dead_after > 2 * all.node.heartbeat_interval;
             }},
};

} // namespace

std::span<const rule> rules() {
  return known_rules;
}

} // namespace sluice::config
