#include "tests/actors/drill/fixture.hpp"

#include <algorithm>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/drill/drillable_port.hpp"
#include "tests/support/forwarding_store.hpp"

namespace sluice::tests {

namespace {

using namespace std::chrono_literals;

constexpr char drill_type[] = "sluice.drill";

class sabotaged_session : public forwarding_store {
public:
  sabotaged_session(std::unique_ptr<db::store> inner,
                    std::shared_ptr<sabotage> wrong)
      : forwarding_store(std::move(inner)), wrong_(std::move(wrong)) {}

  db::result<std::vector<db::accept_outcome>>
  accept(std::span<const db::new_event> events,
         std::chrono::seconds window) override {
    const auto is_lost =
        wrong_->loses && !events.empty() && events.back().type == drill_type;
    const auto kept = events.first(events.size() - (is_lost ? 1 : 0));
    auto outcomes = forwarding_store::accept(kept, window);
    if (!outcomes)
      return outcomes;
    using enum db::accept_outcome::kind;
    if (is_lost)
      outcomes->push_back({accepted, events.back().id});
    for (auto &one : *outcomes)
      if (wrong_->never_created && one.what == created)
        one.what = accepted;
    return outcomes;
  }

  db::result<std::vector<db::inbox_entry>>
  inbox(const db::inbox_query &query) override {
    auto entries = forwarding_store::inbox(query);
    if (wrong_->doubles && entries && !entries->empty())
      entries->push_back(entries->front());
    return entries;
  }

  db::result<db::rescue_outcome>
  rescue(const db::rescue_request &request) override {
    if (wrong_->never_rescues)
      return db::rescue_outcome();
    return forwarding_store::rescue(request);
  }

  db::result<int> requeue(const db::item_order &order) override {
    if (wrong_->never_requeues)
      return static_cast<int>(order.ids.size());
    return forwarding_store::requeue(order);
  }

  db::result<std::optional<db::drain_certificate>> finish_drain() override {
    if (wrong_->never_drained)
      return std::nullopt;
    return forwarding_store::finish_drain();
  }

  db::result<db::delivery_claim>
  claim_deliveries(const db::delivery_request &request) override {
    if (!wrong_->starves_others)
      return forwarding_store::claim_deliveries(request);
    // The one that was made first is the slow one.
    auto first = std::ranges::min_element(request.shares, {},
                                          &db::delivery_share::endpoint);
    std::lock_guard lock(wrong_->mutex);
    wrong_->favourite =
        std::min(wrong_->favourite.value_or(first->endpoint), first->endpoint);
    auto only_one = request;
    std::erase_if(only_one.shares, [&](const auto &one) {
      return one.endpoint != wrong_->favourite;
    });
    if (only_one.shares.empty())
      return db::delivery_claim{request.fence, {}};
    return forwarding_store::claim_deliveries(only_one);
  }

  db::result<db::record_outcome>
  record_deliveries(std::span<const db::delivery_result> results) override {
    if (wrong_->forgets_results)
      return db::record_outcome{.recorded = static_cast<int>(results.size())};
    return forwarding_store::record_deliveries(results);
  }

private:
  std::shared_ptr<sabotage> wrong_;
};

class sabotaged_source : public db::store_source {
public:
  sabotaged_source(std::shared_ptr<db::store_source> inner,
                   std::shared_ptr<sabotage> wrong)
      : inner_(std::move(inner)), wrong_(std::move(wrong)) {}

  db::result<std::unique_ptr<db::store>>
  connect(db::purpose what_for) override {
    if (wrong_->stays_away)
      return db::fail(db::errc::unavailable, "connect: sabotaged");
    auto session = inner_->connect(what_for);
    if (!session)
      return session;
    return std::make_unique<sabotaged_session>(std::move(*session), wrong_);
  }
  db::result<db::schema_state> schema() override { return inner_->schema(); }
  db::result<int> migrate() override { return inner_->migrate(); }
  std::string describe() const override { return inner_->describe(); }

private:
  std::shared_ptr<db::store_source> inner_;
  std::shared_ptr<sabotage> wrong_;
};

} // namespace

std::shared_ptr<db::store_source>
sabotaged(std::shared_ptr<db::store_source> inner,
          std::shared_ptr<sabotage> wrong) {
  return std::make_shared<sabotaged_source>(std::move(inner), std::move(wrong));
}

actors::drill_limits quick_limits() {
  return {.recovery = 2'000ms,
          .reopening = 1'500ms,
          .outage = 300ms,
          .retries = 2'000ms,
          .load = 150ms,
          .fault = 30'000ms,
          .cleaning = 5'000ms};
}

drill_fixture::drill_fixture()
    : drillable(
          std::make_shared<actors::drillable_source>(sabotaged(source, wrong))),
      service({.source = drillable,
               .self = self,
               .settings = quick_settings(),
               .open_webhook_port = actors::drillable_port(receivers.opener(),
                                                           drillable->faults()),
               .on_escalation = [] {}}),
      drills({.door = service.door(),
              .faults = drillable->faults(),
              .self = self,
              .limits = quick_limits()}) {
  REQUIRE(eventually([&] {
    const auto health = service.door().health();
    return health.is_ready && health.gate.is_known &&
           std::ranges::all_of(service.door().parts(),
                               &actors::part_view::is_running);
  }));
}

actors::drill_report drill_fixture::begin(actors::drill_kind kind, int events) {
  const auto begun = drills.begin(
      {.kind = kind, .events = events, .actor = "ann", .reason = "a test"});
  if (!begun)
    UNSCOPED_INFO(begun.error().text);
  REQUIRE(begun);
  return *begun;
}

actors::drill_report drill_fixture::ended() {
  actors::drill_report report;
  CHECK(eventually([&] {
    const auto newest = drills.newest();
    if (newest && *newest)
      report = **newest;
    return newest && *newest && !report.is_open();
  }));
  for (const auto &one : report.steps)
    UNSCOPED_INFO(one);
  return report;
}

actors::drill_report drill_fixture::hold(actors::drill_kind kind, int events) {
  begin(kind, events);
  return ended();
}

bool drill_fixture::has_reason(const actors::drill_report &report,
                               const std::string &text) {
  return std::ranges::any_of(report.reasons, [&](const auto &one) {
    return one.find(text) != std::string::npos;
  });
}

void drill_fixture::check_is_clean(long missing) {
  CHECK(count("SELECT count(*) FROM organizations"
              " WHERE name = 'sluice drill'") == 0);
  for (const char *table : {"event_queue", "events", "discarded", "api_keys",
                            "endpoints", "event_deliveries", "dedup_keys"})
    CHECK(count(std::string("SELECT count(*) FROM ") + table +
                " WHERE organization_id <> '" + owner.id().to_string() + "'") ==
          0);
  const auto gate = value_of(store->connect()->gate());
  CHECK(gate.ingest == db::ingest_mode::async);
  CHECK(gate.processing == db::processing_mode::running);
  CHECK_FALSE(gate.resume_at);
  CHECK(count("SELECT count(*) FROM procedures WHERE is_open") == 0);
  const auto books = value_of(store->connect()->verify(10, 10s));
  CHECK(books.fault_count == missing);
}

} // namespace sluice::tests
