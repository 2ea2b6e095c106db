#include "actors/runtime.hpp"

#include <algorithm>
#include <atomic>

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

#include "actors/control/settings_keeper.hpp"
#include "actors/control/supervisor.hpp"
#include "actors/shared.hpp"
#include "actors/spawn.hpp"

namespace sluice::actors {

namespace {

// Bytes of payload that may wait for their commit; beyond it new requests are
// refused, because mailboxes have no bound of their own.
constexpr std::size_t max_bytes_in_flight = 256UL * 1024 * 1024;

// A caller's patience covers one call that runs into its deadline and the
// look-up of its outcome after that.
std::chrono::milliseconds patience_of(const config::settings &settings) {
  return 2 * settings.store.call_timeout + settings.store.connect_timeout;
}

std::size_t bytes_of(const std::vector<db::new_event> &events) {
  std::size_t sum = 0;
  for (const auto &one : events)
    sum += one.payload.size() + one.type.size() + 256;
  return sum;
}

/// One organization's events, from where they are handed over to where it is
/// known how many of them are in the queue.
struct way_in {
  std::shared_ptr<tenant_shares> shares;
  db::organization_id owner;
  long count = 0;

  void end(const db::result<accept_reply> &what) const {
    if (!shares)
      return;
    auto is_in = [](const db::result<db::accept_outcome> &one) {
      return one && one->what == db::accept_outcome::kind::accepted;
    };
    shares->settle(owner, count,
                   what ? std::count_if(what->begin(), what->end(), is_in) : 0);
  }
};

reader_actor living_reader(const shared_parts &parts) {
  auto living = std::find_if(parts.readers.begin(), parts.readers.end(),
                             [](auto &box) { return bool(box->get()); });
  return living == parts.readers.end() ? reader_actor() : (*living)->get();
}

bool crash_child(shared_parts &parts, std::string_view child) {
  if (child == "ingest")
    caf::anon_send(parts.ingest.get(), crash_atom::value);
  else if (child == "ingest relief")
    caf::anon_send(parts.ingest.relief().get(), crash_atom::value);
  else if (child == "poller")
    caf::anon_send(parts.poller.get(), crash_atom::value);
  else if (child == "worker")
    caf::anon_send(parts.pool.get(), crash_atom::value);
  else if (child == "dispatcher")
    caf::anon_send(parts.dispatcher.get(), crash_atom::value);
  else if (child == "gate")
    caf::anon_send(parts.gate.get(), crash_atom::value);
  else if (child == "auditor")
    caf::anon_send(parts.auditor.get(), crash_atom::value);
  else if (child == "janitor")
    caf::anon_send(parts.janitor.get(), crash_atom::value);
  else if (child == "config_watcher")
    caf::anon_send(parts.watcher.get(), crash_atom::value);
  else if (child == "health")
    caf::anon_send(parts.health.get(), crash_atom::value);
  else if (child == "reader")
    caf::anon_send(living_reader(parts), crash_atom::value);
  else
    return false;
  return true;
}

class door_impl final : public gateway {
public:
  explicit door_impl(parts_ptr parts)
      : parts_(std::move(parts)),
        patience_(patience_of(*parts_->settings.get())) {}

  void accept_later(std::vector<db::new_event> events,
                    on_accepted done) override {
    auto bytes = bytes_of(events);
    if (in_flight_->fetch_add(bytes) + bytes > max_bytes_in_flight) {
      *in_flight_ -= bytes;
      return done(db::fail(db::errc::unavailable,
                           "too much is waiting for its commit"));
    }
    auto way = enter(events);
    auto begun = std::chrono::steady_clock::now();
    // The box that keeps the callback stands beside the counters.
    parts_->ingest.put(
        std::move(events), begun + patience_,
        [in_flight = in_flight_, bytes, begun,
         latency = &parts_->counts.accept_latency, way = std::move(way),
         done = std::move(done)](db::result<accept_reply> what) {
          *in_flight -= bytes;
          latency->note(std::chrono::steady_clock::now() - begun);
          way.end(what);
          done(std::move(what));
        });
  }

  health_sample health() const override {
    auto sample = parts_->health_board.get();
    const auto &counts = parts_->counts;
    sample.accepted = counts.accepted;
    sample.created = counts.created;
    sample.stored = counts.stored;
    sample.quarantined = counts.quarantined;
    sample.restarts = parts_->restarts.total();
    sample.restarts_last_hour =
        parts_->restarts.within_last_hour(std::chrono::steady_clock::now());
    sample.gate = parts_->gate_state.get();
    sample.intake = intake_of_all();
    sample.ledger = parts_->ledger_board.get();
    sample.settings = summary_of(*parts_->settings_board.get());
    sample.is_ready = sample.is_ready && parts_->ingest.get() != nullptr &&
                      sample.intake.what == intake_state::kind::open;
    return sample;
  }

  metrics_sample metrics() const override {
    const auto &counts = parts_->counts;
    return {.health = health(),
            .duplicates = counts.duplicates,
            .stored_without_claim = counts.stored_without_claim,
            .retried = counts.retried,
            .lost_claims = counts.lost_claims,
            .rescued = counts.rescued,
            .delivered = counts.delivered,
            .delivery_failures = counts.delivery_failures,
            .dead_letters = counts.dead_letters,
            .lost_deliveries = counts.lost_deliveries,
            .rescued_deliveries = counts.rescued_deliveries,
            .endpoints_parked = counts.endpoints_parked,
            .replayed_deliveries = counts.replayed_deliveries,
            .removed_events = counts.removed_events,
            .removed_deliveries = counts.removed_deliveries,
            .removed_attempts = counts.removed_attempts,
            .removed_keys = counts.removed_keys,
            .deliveries_in_flight = counts.deliveries_in_flight,
            .busy_workers = counts.busy_workers,
            .accept_latency = counts.accept_latency.view(),
            .commit_size = counts.commit_size.view(),
            .queue_age = counts.queue_age.view(),
            .move_time = counts.move_time.view(),
            .prune_time = counts.prune_time.view(),
            .delivery_time = counts.delivery_time.view()};
  }

  intake_state intake(db::organization_id owner,
                      std::size_t count) const override {
    auto state = intake_of_all();
    if (state.what != intake_state::kind::open || state.is_sync)
      return state;
    auto depth = parts_->room.depth(parts_->counts);
    if (auto excess =
            parts_->shares->excess(owner, static_cast<long>(count), depth))
      return {.what = intake_state::kind::over_share,
              .retry_after = parts_->room.time_for(*excess)};
    return state;
  }

  void poll_now() override {
    caf::anon_send(parts_->poller.get(), poll_atom::value);
  }

  void endpoints_changed() override {
    caf::anon_send(parts_->dispatcher.get(), look_atom::value);
  }

  bool restart(std::string_view child) override {
    return crash_child(*parts_, child);
  }

  std::vector<part_view> parts() const override { return parts_->tree.get(); }

  std::shared_ptr<const config::settings> settings() const override {
    return parts_->settings.get();
  }

  settings_view_ptr settings_in_full() const override {
    return parts_->settings_board.get();
  }

  void reload_settings_soon() override {
    if (!parts_->is_load_due.exchange(true))
      caf::anon_send(parts_->watcher.get(), load_atom::value);
  }

  std::chrono::milliseconds patience() const override { return patience_; }

protected:
  void order(db::gate_change change, std::chrono::milliseconds wait,
             on_result<gate_answer> done) override {
    caf::anon_send(parts_->gate.get(), order_atom::value,
                   std::make_shared<gate_order>(
                       gate_order{std::move(change), wait, std::move(done)}));
  }

  void audit(int most, on_result<db::ledger_report> done) override {
    caf::anon_send(
        parts_->auditor.get(), audit_atom::value,
        std::make_shared<audit_order>(audit_order{most, std::move(done)}));
  }

  void rescue(on_result<db::rescue_outcome> done) override {
    caf::anon_send(
        parts_->janitor.get(), order_atom::value,
        std::make_shared<rescue_order>(rescue_order{std::move(done)}));
  }

  void override_settings(settings_change change,
                         on_result<settings_answer> done) override {
    give({std::move(change), std::move(done)});
  }

  void reload(on_result<settings_answer> done) override {
    give({std::nullopt, std::move(done)});
  }

  void run(store_call call) override {
    auto turn = next_reader_.fetch_add(1, std::memory_order_relaxed);
    auto &box = *parts_->readers[turn % parts_->readers.size()];
    auto job = std::make_shared<store_job>(store_job{std::move(call)});
    caf::anon_send(box.get(), ask_atom::value, std::move(job));
  }

  void run_apart(store_call call) override {
    caf::anon_send(parts_->auditor.get(), ask_atom::value,
                   std::make_shared<store_job>(store_job{std::move(call)}));
  }

private:
  void give(settings_order order) {
    caf::anon_send(parts_->watcher.get(), order_atom::value,
                   std::make_shared<settings_order>(std::move(order)));
  }

  intake_state intake_of_all() const {
    using enum intake_state::kind;
    switch (parts_->gate_state.ingest()) {
    case db::ingest_mode::sync:
      // What goes straight into the log needs no room in the queue.
      return {.what = open, .is_sync = true};
    case db::ingest_mode::reject:
      return {.what = rejected,
              .retry_after = parts_->gate_state.retry_after()};
    case db::ingest_mode::async:
      break;
    }
    if (auto wait = parts_->room.wait(parts_->counts))
      return {.what = full, .retry_after = *wait};
    return {};
  }

  /// Says to all events where they go in the queue.
  way_in enter(std::vector<db::new_event> &events) {
    if (events.empty())
      return {};
    way_in way{parts_->shares, events.front().organization,
               static_cast<long>(events.size())};
    auto lane = way.shares->begin(way.owner, way.count,
                                  parts_->room.depth(parts_->counts));
    for (auto &event : events)
      event.lane = lane;
    return way;
  }

  parts_ptr parts_;
  std::chrono::milliseconds patience_;
  /// Shared with those that are in flight, which may outlive us.
  std::shared_ptr<std::atomic<std::size_t>> in_flight_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::size_t> next_reader_{0};
};

class system_config : public caf::actor_system_config {
public:
  system_config() {
    // Only the supervisor and the pool run on it; all else is detached.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{1});
  }
};

} // namespace

class runtime::impl {
public:
  explicit impl(const options &start)
      : parts_(make_parts(start)), door_(parts_), system_(config_) {
    supervisor_ =
        spawn_child<caf::no_spawn_options>(&system_, supervisor, parts_);
    wait_until_started();
  }

  gateway &door() { return door_; }

  bool stop(std::chrono::milliseconds grace) {
    if (!supervisor_)
      return true;
    bool ended = true;
    parts_->is_stopping = true;
    {
      caf::scoped_actor waiter{system_};
      waiter->monitor(supervisor_);
      waiter->send(supervisor_, stop_atom::value);
      waiter->receive([](caf::down_msg &) {},
                      caf::after(grace) >> [&] { ended = false; });
      if (!ended)
        waiter->send_exit(supervisor_, caf::exit_reason::kill);
    }
    supervisor_ = nullptr;
    // A thread that hangs is not waited for.
    if (!ended || parts_->counts.abandoned > 0)
      system_.await_actors_before_shutdown(false);
    return ended;
  }

  bool crash(std::string_view child) { return crash_child(*parts_, child); }

private:
  void wait_until_started() {
    caf::scoped_actor self{system_};
    self->request(supervisor_, std::chrono::seconds(30), hello_atom::value)
        .receive([](bool) {},
                 [](const caf::error &) {
                   spdlog::critical("the actors could not be started");
                 });
    // Overrides of an earlier life hold from the first request on, if the
    // store can be asked for them.
    self->request(parts_->watcher.get(), patience_of(*parts_->settings.get()),
                  hello_atom::value)
        .receive([](bool) {},
                 [](const caf::error &) {
                   spdlog::warn("the overrides of settings are not known yet");
                 });
  }

  static parts_ptr make_parts(const options &start) {
    auto parts = std::make_shared<shared_parts>(start.settings);
    parts->source = start.source;
    parts->self = start.self;
    parts->sources = start.sources;
    parts->settings_board.set(settings_keeper::first_view(start.settings));
    parts->on_escalation = start.on_escalation;
    parts->on_settings = start.on_settings;
    parts->open_webhook_port = start.open_webhook_port;
    parts->ingest.limit(
        static_cast<std::size_t>(start.settings.ingest.max_batch));
    for (int reader = 0; reader < start.settings.store.readers; ++reader)
      parts->readers.push_back(std::make_unique<handle_box<reader_actor>>());
    return parts;
  }

  parts_ptr parts_;
  door_impl door_;
  system_config config_;
  caf::actor_system system_;
  supervisor_actor supervisor_;
};

runtime::runtime(const options &start) : impl_(std::make_unique<impl>(start)) {}

runtime::~runtime() {
  stop(std::chrono::seconds(5));
}

gateway &runtime::door() {
  return impl_->door();
}

bool runtime::stop(std::chrono::milliseconds grace) {
  return impl_->stop(grace);
}

bool runtime::crash(std::string_view child) {
  return impl_->crash(child);
}

} // namespace sluice::actors
