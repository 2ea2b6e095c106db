#include "actors/control/apply_settings.hpp"

#include <utility>

namespace sluice::actors {

namespace {

template <class Handle>
void tell(const Handle &part) {
  caf::anon_send<caf::message_priority::high>(part, apply_atom::value);
}

} // namespace

void apply_settings(shared_parts &parts, config::settings next) {
  parts.settings.set(std::move(next));
  auto now = parts.settings.get();
  parts.ingest.limit(static_cast<std::size_t>(now->ingest.max_batch));
  parts.room.limit(now->ingest.max_queue_depth);
  parts.shares->limit(now->ingest.max_queue_depth,
                      now->ingest.organization_share);
  tell(parts.poller.get());
  tell(parts.pool.get());
  tell(parts.dispatcher.get());
  tell(parts.health.get());
  if (parts.on_settings)
    parts.on_settings(*now);
}

} // namespace sluice::actors
