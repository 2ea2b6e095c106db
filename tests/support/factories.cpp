#include "tests/support/factories.hpp"

#include <utility>

namespace sluice::tests {

using namespace std::chrono_literals;

namespace {

constexpr db::timestamp start_of_2026{1'767'225'600s};

} // namespace

manual_clock::manual_clock() : state_(std::make_shared<state>()) {
  state_->now = start_of_2026;
}

db::timestamp manual_clock::now() const {
  std::lock_guard guard(state_->mutex);
  return state_->now;
}

void manual_clock::advance(std::chrono::microseconds by) {
  std::lock_guard guard(state_->mutex);
  state_->now += by;
}

db::clock_source manual_clock::source() const {
  return [copy = *this] { return copy.now(); };
}

tenant make_tenant(std::string name) {
  tenant made;
  made.owner.id = db::organization_id::generate();
  made.owner.name = std::move(name);
  made.owner.tier = "pro";
  made.owner.rate_limit_per_minute = 1000;
  made.owner.inserted_at = start_of_2026 - 1h;
  made.key = make_key(made.owner.id, start_of_2026 - 59min);
  return made;
}

db::api_key make_key(db::organization_id owner, db::timestamp inserted_at) {
  db::api_key key;
  key.id = db::api_key_id::generate();
  key.organization = owner;
  key.hash = db::sha256(key.id.to_string());
  key.prefix = "zap_test_" + key.id.to_string().substr(30);
  key.inserted_at = inserted_at;
  return key;
}

db::new_event make_event(db::organization_id owner, event_recipe recipe) {
  db::new_event event;
  event.id = db::event_id::generate();
  event.organization = owner;
  event.type = std::move(recipe.type);
  event.payload = std::move(recipe.payload);
  if (recipe.dedup_id)
    event.key = db::dedup_key{db::dedup_scope::event, *recipe.dedup_id};
  else if (recipe.request_key)
    event.key = db::dedup_key{db::dedup_scope::request, *recipe.request_key};
  return event;
}

std::vector<db::new_event> make_events(db::organization_id owner, int count) {
  std::vector<db::new_event> events;
  for (int i = 0; i < count; ++i)
    events.push_back(make_event(
        owner, {.payload = R"({"number":)" + std::to_string(i) + "}"}));
  return events;
}

std::vector<db::event_id> ids_of(const std::vector<db::new_event> &events) {
  std::vector<db::event_id> ids;
  for (const auto &event : events)
    ids.push_back(event.id);
  return ids;
}

std::vector<db::event_id> ids_of(const db::claim &claim) {
  std::vector<db::event_id> ids;
  for (const auto &item : claim.items)
    ids.push_back(item.id);
  return ids;
}

db::node make_node(std::string name) {
  return {db::node_id::generate(), std::move(name), "test"};
}

} // namespace sluice::tests
