#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "db/store.hpp"

namespace sluice::tests {

/// A clock that stands until the test moves it. Copies share the time.
/// Thread-safe.
class manual_clock {
public:
  /// Stands at 2026-01-01T00:00:00Z.
  manual_clock();

  db::timestamp now() const;
  void advance(std::chrono::microseconds by);

  /// For `store_options::clock`.
  db::clock_source source() const;

private:
  struct state {
    std::mutex mutex;
    db::timestamp now;
  };
  std::shared_ptr<state> state_;
};

/// A tenant with its key, as `create_organization` takes them. Every time
/// column has a value of its own.
struct tenant {
  db::organization owner;
  db::api_key key;

  db::organization_id id() const { return owner.id; }
};

tenant make_tenant(std::string name = "Acme");

/// A key of that organization with a fresh id and hash.
db::api_key make_key(db::organization_id owner, db::timestamp inserted_at);

/// What to make an event from; all fresh unless it is given.
struct event_recipe {
  std::string type = "order.created";
  std::string payload = R"({"order":1})";
  std::optional<std::string> dedup_id{};
  std::optional<std::string> request_key{};
};

db::new_event make_event(db::organization_id owner, event_recipe recipe = {});
std::vector<db::new_event> make_events(db::organization_id owner, int count);

/// The ids of events, claimed items or a claim, in order.
std::vector<db::event_id> ids_of(const std::vector<db::new_event> &events);
std::vector<db::event_id> ids_of(const db::claim &claim);

/// A node with a fresh id and that name.
db::node make_node(std::string name = "node-a");

} // namespace sluice::tests
