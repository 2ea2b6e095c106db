#include "actors/control/janitor.hpp"

#include "actors/control/child.hpp"

#include <spdlog/spdlog.h>

namespace sluice::actors {

namespace {

// A dead node's claims are noticed this soon after it counts as dead.
constexpr std::chrono::milliseconds rescue_interval{2'000};

} // namespace

janitor_state::janitor_state(pointer self) : self_(self) {}

void janitor_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::work);
  self_->send(self_, beat_atom::value);
  self_->delayed_send(self_, rescue_interval, rescue_atom::value);
}

void janitor_state::beat() {
  if (!parts_->is_enlisted)
    enlist();
  if (parts_->is_enlisted) {
    auto alive = session_->with([&](db::store &store) {
      return store.heartbeat(parts_->self.id,
                             parts_->gate_state.get().state.version);
    });
    parts_->is_enlisted = !alive || *alive;
  }
  self_->delayed_send(self_, parts_->settings->node.heartbeat_interval,
                      beat_atom::value);
}

void janitor_state::enlist() {
  auto returned = session_->with(
      [&](db::store &store) { return store.enlist(parts_->self); });
  if (!returned)
    return;
  if (*returned > 0)
    spdlog::info("{} items that an earlier life of this node held are back in "
                 "the queue",
                 *returned);
  parts_->is_enlisted = true;
  caf::anon_send(parts_->poller.get(), wake_atom::value);
}

void janitor_state::rescue() {
  rescue_now();
  self_->delayed_send(self_, rescue_interval, rescue_atom::value);
}

db::result<db::rescue_outcome> janitor_state::rescue_now() {
  db::rescue_request request{
      .stuck_after = parts_->settings->processor.stuck_item_timeout,
      .node_dead_after = parts_->settings->node.dead_after,
      .max_attempts = parts_->settings->processor.max_attempts};
  auto rescued =
      session_->with([&](db::store &store) { return store.rescue(request); });
  if (rescued && rescued->rescued + rescued->quarantined > 0) {
    spdlog::warn("rescued {} stuck items, quarantined {}", rescued->rescued,
                 rescued->quarantined);
    parts_->counts.rescued += static_cast<std::uint64_t>(rescued->rescued);
    parts_->counts.quarantined +=
        static_cast<std::uint64_t>(rescued->quarantined);
    caf::anon_send(parts_->poller.get(), wake_atom::value);
  }
  return rescued;
}

void janitor_state::retire() {
  auto returned = session_->with(
      [&](db::store &store) { return store.retire(parts_->self.id); });
  if (returned && *returned > 0)
    spdlog::info("returned {} claimed items to the queue", *returned);
}

janitor_actor::behavior_type janitor(janitor_state::pointer self,
                                     parts_ptr parts) {
  self->state.init(std::move(parts));
  self->set_exit_handler([=](caf::exit_msg &order) {
    if (order.reason == caf::exit_reason::user_shutdown)
      self->state.retire();
    self->quit(order.reason);
  });
  return {
      [=](beat_atom) { self->state.beat(); },
      [=](rescue_atom) { self->state.rescue(); },
      [=](order_atom, rescue_order_ptr &order) {
        order->done(self->state.rescue_now());
      },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
