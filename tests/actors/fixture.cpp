#include "tests/actors/fixture.hpp"

#include <thread>

namespace sluice::tests {

faulty_fixture::faulty_fixture()
    : store(make_store("sqlite", {.has_manual_clock = false})),
      owner(make_tenant()),
      source(std::make_shared<faulty_source>(store->source())) {
  value_of(store->connect()->create_organization(owner.owner, owner.key));
}

db::claim faulty_fixture::claimed(const std::vector<db::new_event> &events) {
  auto session = store->connect();
  value_of(session->accept(events, std::chrono::hours(1)));
  auto node = make_node();
  value_of(session->enlist(node));
  return value_of(session->claim_items(
      {.node = node.id, .id = db::claim_id::generate(), .limit = 1000}));
}

bool eventually(const std::function<bool()> &is_true) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

config::settings quick_settings() {
  using std::chrono::milliseconds;
  config::settings quick;
  quick.processor.min_poll_interval = milliseconds(10);
  quick.processor.max_poll_interval = milliseconds(50);
  quick.processor.idle_poll_interval = milliseconds(200);
  quick.processor.retry_backoff = milliseconds(10);
  quick.node.heartbeat_interval = milliseconds(100);
  quick.health.sample_interval = milliseconds(50);
  quick.store.call_timeout = milliseconds(2000);
  quick.store.connect_timeout = milliseconds(1000);
  return quick;
}

} // namespace sluice::tests
