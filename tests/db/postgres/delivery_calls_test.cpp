#include <csignal>
#include <thread>

#include "tests/db/conformance/webhook_bench.hpp"
#include "tests/db/postgres/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;

// Results of deliveries go to the server in one message, which is the
// transaction; claims have a COMMIT of their own.

namespace {

/// A server with one event that is due at a webhook.
class due_delivery : public own_server {
public:
  due_delivery() : session_(connect()) {
    auto made = make_endpoint(owner());
    REQUIRE(value_of(session_->create_endpoint(made, 100)));
    to_ = made.id;
    auto node = make_node("one");
    value_of(session_->enlist(node));
    node_ = node.id;
    auto event = make_event(owner());
    value_of(session_->accept({&event, 1}, 60s));
    auto fence = db::claim_id::generate();
    value_of(session_->claim_items({node_, fence, 1}));
    value_of(session_->move(fence));
  }

  db::result<db::delivery_claim> claim(db::store &by) {
    return by.claim_deliveries({.node = node_,
                                .fence = db::claim_id::generate(),
                                .lease = 60s,
                                .limit = 10,
                                .shares = {{to_, 10}}});
  }

  db::store &session() { return *session_; }

  std::string standing() {
    return ask("SELECT status || ' ' || attempts FROM event_deliveries"
               " WHERE next_attempt_at IS NOT NULL");
  }

private:
  std::unique_ptr<db::store> session_;
  db::endpoint_id to_;
  db::node_id node_;
};

/// What tells that the one that was claimed has arrived.
db::delivery_result delivered(const own_server &on,
                              const db::delivery_claim &claimed) {
  REQUIRE(claimed.deliveries.size() == 1);
  db::delivery_result told;
  told.id = claimed.deliveries[0].id;
  told.organization = on.owner();
  told.fence = claimed.fence;
  told.what = db::delivery_result::kind::delivered;
  return told;
}

/// A session with little patience whose server process stands still.
class frozen_session {
public:
  explicit frozen_session(own_server &on)
      : on_(on), source_(own_server::open(on.cluster().uri(), 3000ms)),
        session_(value_of(source_->connect(db::purpose::work))),
        backend_(std::stoi(on.ask("SELECT pid FROM pg_stat_activity WHERE"
                                  " application_name = 'sluice'"
                                  " ORDER BY backend_start DESC LIMIT 1"))) {
    ::kill(backend_, SIGSTOP);
  }
  frozen_session(const frozen_session &) = delete;
  frozen_session &operator=(const frozen_session &) = delete;
  ~frozen_session() { ::kill(backend_, SIGCONT); }

  db::store &session() { return *session_; }

  /// Returns when the server has done what it was asked, and is gone.
  void wake() {
    ::kill(backend_, SIGCONT);
    while (on_.ask("SELECT count(*) FROM pg_stat_activity WHERE pid = " +
                   std::to_string(backend_)) != "0")
      std::this_thread::yield();
  }

private:
  own_server &on_;
  std::shared_ptr<db::store_source> source_;
  std::unique_ptr<db::store> session_;
  pid_t backend_;
};

} // namespace

TEST_CASE("a claim of deliveries that fails at its end has claimed nothing",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  due_delivery on;
  on.ask("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
         " 'BEGIN RAISE EXCEPTION ''not now''; END'");
  on.ask("CREATE CONSTRAINT TRIGGER never AFTER UPDATE ON event_deliveries"
         " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION"
         " refuse()");
  CHECK_FALSE(on.claim(on.session()));
  CHECK(on.standing() == "pending 0");
  on.ask("DROP TRIGGER never ON event_deliveries");
  // The session is as good as before.
  CHECK(value_of(on.claim(on.session())).deliveries.size() == 1);
  CHECK(on.standing() == "sending 1");
}

TEST_CASE("results that wait for a lock give up before the call does",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  due_delivery on;
  auto told = delivered(on, value_of(on.claim(on.session())));
  auto hasty = on.open(on.cluster().uri(), 5000ms);
  auto session = value_of(hasty->connect(db::purpose::work));
  pqxx::connection keeper(on.cluster().uri());
  pqxx::work other(keeper);
  other.exec("SELECT * FROM event_deliveries FOR UPDATE");
  CHECK_FALSE(session->record_deliveries({&told, 1}));
  CHECK(on.standing() == "sending 1");
  other.abort();
  // On the same session: nothing was left open.
  CHECK(value_of(session->record_deliveries({&told, 1})).recorded == 1);
  CHECK(on.standing() == "delivered 1");
}

TEST_CASE("a server that wakes up too late makes no claim, and records results",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  due_delivery on;
  SECTION("a claim") {
    frozen_session late(on);
    CHECK_FALSE(on.claim(late.session()));
    late.wake();
    CHECK(on.standing() == "pending 0");
  }
  SECTION("a result") {
    auto told = delivered(on, value_of(on.claim(on.session())));
    frozen_session late(on);
    CHECK_FALSE(late.session().record_deliveries({&told, 1}));
    late.wake();
    CHECK(on.standing() == "delivered 1");
    CHECK(value_of(on.session().record_deliveries({&told, 1})).recorded == 0);
  }
}
