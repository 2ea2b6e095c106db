#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/store_under_test.hpp"

namespace sluice::tests {

using namespace std::chrono_literals;
using accepted = db::accept_outcome::kind;

/// What nearly every test of a store begins with: a store, a session, an
/// enlisted node and a tenant.
class bench {
public:
  explicit bench(const std::string &store, store_settings settings = {})
      : store_(make_store(store, settings)), session_(store_->connect()),
        tenant_(add_tenant()), node_(make_node()) {
    value_of(session_->enlist(node_));
  }

  store_under_test &store() { return *store_; }
  db::store &session() { return *session_; }
  manual_clock &clock() { return store_->clock(); }
  const db::node &node() const { return node_; }
  db::organization_id owner() const { return tenant_.id(); }
  const tenant &first_tenant() const { return tenant_; }

  tenant add_tenant(std::string name = "Acme") {
    auto made = make_tenant(std::move(name));
    value_of(session_->create_organization(made.owner, made.key));
    return made;
  }

  db::accept_outcome accept(const db::new_event &event,
                            std::chrono::seconds window = 24h) {
    return value_of(session_->accept({&event, 1}, window)).at(0);
  }

  /// Accepts that many fresh events of the first tenant.
  std::vector<db::event_id> accept_some(int count) {
    auto events = make_events(owner(), count);
    value_of(session_->accept(events, 24h));
    return ids_of(events);
  }

  /// Accepts them into this lane; a second later they are due before others.
  std::vector<db::event_id> accept_into(int lane, int count) {
    auto events = make_events(owner(), count);
    for (auto &event : events)
      event.lane = lane;
    value_of(session().accept(events, 24h));
    clock().advance(1s);
    return tests::ids_of(events);
  }

  db::claim claim(int limit = 100) {
    return value_of(
        session_->claim_items({node_.id, db::claim_id::generate(), limit}));
  }

  /// Claims and moves everything that is due.
  void move_all() {
    for (auto taken = claim(); !taken.items.empty(); taken = claim())
      value_of(session_->move_each(taken.id, ids_of(taken)));
  }

  /// Claims everything that is due, and sends all of it to quarantine.
  std::vector<db::event_id> quarantine_all() {
    auto taken = claim();
    std::vector<db::failure> failures;
    for (auto id : ids_of(taken))
      failures.push_back({id, "bad", std::nullopt});
    value_of(session_->fail_items(taken.id, failures));
    return ids_of(taken);
  }

  /// Accepts that many fresh events, and sends them to quarantine.
  std::vector<db::event_id> quarantine_some(int count) {
    auto ids = accept_some(count);
    REQUIRE(quarantine_all().size() == ids.size());
    return ids;
  }

  /// Changes the gate; who and why are always given.
  db::gate_state change_gate(db::gate_change what) {
    what.actor = "eve@example.com";
    what.reason = "a test";
    auto changed = value_of(session_->change_gate(what));
    REQUIRE(changed);
    return *changed;
  }
  db::gate_state turn(db::ingest_mode mode) {
    return change_gate({.ingest = mode});
  }
  db::gate_state turn(db::processing_mode mode) {
    return change_gate({.processing = mode});
  }

  db::ledger_report verify(int most = 100) {
    return value_of(session_->verify(most, 60s));
  }

  /// What the ledger has of a kind.
  long in_ledger(const std::string &kind) {
    return store_->count("SELECT coalesce(sum(count), 0) FROM ledger WHERE "
                         "kind = '" +
                         kind + "'");
  }

  /// A query for the first tenant's inbox, to be made narrower.
  db::inbox_query query() const {
    db::inbox_query made;
    made.organization = owner();
    return made;
  }

  std::vector<db::inbox_entry> inbox(const db::inbox_query &query) {
    return value_of(session_->inbox(query));
  }
  std::vector<db::inbox_entry> inbox() { return inbox(query()); }

  long count(const std::string &table_and_condition) {
    return store_->count("SELECT count(*) FROM " + table_and_condition);
  }

  /// Ends the process's hold on the store and begins anew.
  void restart() {
    session_.reset();
    store_->reopen();
    session_ = store_->connect();
  }

  /// A new session in the place of one that is spent.
  void reconnect() { session_ = store_->connect(); }

private:
  std::unique_ptr<store_under_test> store_;
  std::unique_ptr<db::store> session_;
  tenant tenant_;
  db::node node_;
};

/// An operator's order on these items, who and why with it.
inline db::item_order order_for(const std::vector<db::event_id> &ids) {
  return {ids, "anna", "ticket 12"};
}

/// An id as SQL has it.
inline std::string quoted(db::event_id id) {
  return "'" + id.to_string() + "'";
}

/// The name of each store in turn.
#define EACH_STORE GENERATE(from_range(available_stores()))

} // namespace sluice::tests
