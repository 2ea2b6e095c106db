#include "tools/service.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>

#include <pthread.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

#include "actors/admin/port.hpp"
#include "actors/drill/drill_runner.hpp"
#include "actors/drill/drillable_port.hpp"
#include "actors/drill/drillable_source.hpp"
#include "actors/runtime.hpp"
#include "config/describe.hpp"
#include "db/store.hpp"
#include "http/in/console_orders.hpp"
#include "http/in/server.hpp"
#include "http/in/service_routes.hpp"
#include "http/out/webhook_trial.hpp"
#include "sluice_version.hpp"
#include "tools/logging.hpp"
#include "tools/webhooks.hpp"

namespace sluice::tools {

namespace {

/// Blocks the signals that end the service, or have it look at its settings, in
/// every thread and waits for them in one.
class signal_waiter {
public:
  signal_waiter() {
    sigemptyset(&signals_);
    for (int number : {SIGTERM, SIGINT, SIGHUP})
      sigaddset(&signals_, number);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
  }

  /// Returns when the service is to end; meanwhile calls `look` when it is to
  /// look at its settings.
  template <class Look>
  void wait(Look look) const {
    int number = SIGHUP;
    while (number == SIGHUP) {
      sigwait(&signals_, &number);
      if (number == SIGHUP)
        look();
    }
  }

  /// Whether the service is to end; waits for `limit`, or for a signal.
  bool is_ended_within(std::chrono::seconds limit) const {
    timespec span{.tv_sec = limit.count(), .tv_nsec = 0};
    auto number = sigtimedwait(&signals_, nullptr, &span);
    return number > 0 && number != SIGHUP;
  }

  /// From now on the next signal ends the process at once.
  void leave_at_the_next() const {
    struct sigaction leave {};
    leave.sa_handler = [](int) {
      _exit(static_cast<int>(serve_exit::stopped));
    };
    for (int number : {SIGTERM, SIGINT})
      sigaction(number, &leave, nullptr);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

private:
  sigset_t signals_{};
};

/// The operator's name for this node, or one that is the same after a restart
/// and differs from that of other nodes on this machine.
std::string node_name(const config::settings &settings) {
  if (!settings.node.name.empty())
    return settings.node.name;
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  const auto &listen = settings.http.listen;
  auto port = listen.substr(listen.rfind(':') + 1);
  return std::string(host) + ":" +
         (port == "0" ? "pid-" + std::to_string(getpid()) : port);
}

/// The store, migrated to the version that this program knows. A database
/// that is away is waited for: the service starts when it is back. Nothing
/// when a signal came first.
std::shared_ptr<db::store_source> open(const config::settings &settings,
                                       const signal_waiter &signals) {
  auto source =
      db::open_store({.url = settings.store.url,
                      .connect_timeout = settings.store.connect_timeout,
                      .call_timeout = settings.store.call_timeout,
                      .clock = {}});
  if (!source)
    throw std::runtime_error(source.error().text);
  for (;;) {
    auto applied = (*source)->migrate();
    if (applied) {
      if (*applied > 0)
        spdlog::info("store {}: {} migrations applied", (*source)->describe(),
                     *applied);
      return *source;
    }
    if (applied.error().code != db::errc::unavailable)
      throw std::runtime_error(applied.error().text);
    spdlog::error("store {} is away, trying again: {}", (*source)->describe(),
                  applied.error().text);
    if (signals.is_ended_within(std::chrono::seconds(1)))
      return nullptr;
  }
}

http::server_options server_options(const config::http_settings &settings,
                                    std::chrono::milliseconds patience) {
  http::server_options options;
  options.listen = settings.listen;
  options.max_connections = settings.max_connections;
  options.request_timeout = settings.request_timeout;
  options.idle_timeout = settings.idle_timeout;
  // The actors give up first.
  options.answer_timeout = patience + std::chrono::seconds(1);
  return options;
}

/// The door for `sluice ctl`; null when it is off.
std::unique_ptr<actors::admin_port>
open_admin_port(const config::settings &settings,
                std::chrono::milliseconds patience,
                const http::service_ptr &shared) {
  if (settings.admin.listen == config::off_word)
    return nullptr;
  return std::make_unique<actors::admin_port>(actors::admin_port_options{
      .listen = settings.admin.listen,
      .folder = admin_folder(settings),
      .version = version,
      .node = node_name(settings),
      .orders = http::make_console_orders(shared),
      // The actors give up first.
      .deadline = patience + std::chrono::seconds(1)});
}

/// Lets owners test their endpoints.
void try_webhooks(http::service &shared, const webhooks &hooks) {
  shared.try_webhook = [trials = std::make_shared<http::webhook_trials>(
                            hooks.open)](db::organization_id who,
                                         actors::webhook_request request,
                                         const config::delivery_settings &now) {
    return trials->run(who, std::move(request), now);
  };
}

} // namespace

serve_exit serve(const config::settings &settings,
                 const config::sources &sources) try {
  signal_waiter signals;
  std::atomic<bool> escalated{false};
  const auto opened = open(settings, signals);
  if (!opened)
    return serve_exit::stopped;
  const auto source = std::make_shared<actors::drillable_source>(opened);
  const db::node self{.id = db::node_id::generate(),
                      .name = node_name(settings),
                      .version = version};
  const auto hooks = open_webhooks(settings, source->describe());
  actors::runtime actors(
      {.source = source,
       .self = self,
       .settings = settings,
       .sources = sources,
       .open_webhook_port =
           actors::drillable_port(hooks.open, source->faults()),
       .on_settings =
           [](const config::settings &now) { set_log_level(now.log); },
       .on_escalation =
           [&] {
             escalated = true;
             kill(getpid(), SIGTERM);
           }});
  auto options = server_options(settings.http, actors.door().patience());
  options.answers = std::make_shared<http::answer_counts>();
  const auto shared =
      http::make_service(actors.door(), settings, options.answers);
  actors::drill_runner drills(
      {.door = actors.door(), .faults = source->faults(), .self = self});
  drills.tidy_up_soon();
  shared->drills = &drills;
  shared->secrets = hooks.secrets;
  try_webhooks(*shared, hooks);
  http::server server(options, http::make_routes(shared));
  server.start();
  spdlog::info("sluice {} on {}, listening on port {}", version,
               source->describe(), server.port());
  const auto admin =
      open_admin_port(settings, actors.door().patience(), shared);
  signals.wait([&] { actors.door().reload_settings_soon(); });
  signals.leave_at_the_next();
  spdlog::info("stopping");
  auto grace = actors.door().settings()->shutdown.grace;
  drills.stop();
  if (admin)
    admin->stop();
  server.stop(grace);
  auto in_time = actors.stop(grace);
  if (escalated) {
    spdlog::critical("a part crashed too often; ended with exit code 70");
    return serve_exit::escalated;
  }
  spdlog::info(in_time ? "stopped" : "stopped before everything had ended");
  return serve_exit::stopped;
} catch (const std::exception &failure) {
  spdlog::critical("{}", failure.what());
  return serve_exit::failed;
}

} // namespace sluice::tools
