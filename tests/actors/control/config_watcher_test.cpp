#include "actors/control/config_watcher.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

/// A service with a file of settings.
struct watcher_fixture : faulty_fixture {
  watcher_fixture() {
    write("");
    start();
  }
  ~watcher_fixture() { plan().let_go(); }

  void start() {
    service.reset();
    auto settings = quick_settings();
    config::sources sources;
    sources.file = path();
    // Above the file, like what the quick settings are made of.
    sources.overrides = {"processor.min_poll_interval=10ms",
                         "processor.max_poll_interval=50ms",
                         "processor.idle_poll_interval=200ms",
                         "health.sample_interval=100ms",
                         "store.call_timeout=2s",
                         "store.connect_timeout=1s"};
    service.emplace(actors::runtime::options{.source = source,
                                             .self = make_node(),
                                             .settings = settings,
                                             .sources = sources,
                                             .on_escalation = [] {}});
  }

  std::filesystem::path path() const { return folder.path() / "f.toml"; }

  /// In one step, as editors do it.
  void write(const std::string &content) {
    auto next = folder.path() / "next";
    std::ofstream(next) << content;
    std::filesystem::rename(next, path());
  }

  actors::gateway &door() { return service->door(); }
  auto view() { return door().settings_in_full(); }
  int batch_size() { return door().settings()->processor.batch_size; }

  actors::settings_answer set(const std::string &key,
                              const std::string &value) {
    return value_of(door().change_settings(
        {.set = {{key, value}}, .unset = {}, .actor = "eve", .reason = "r"}));
  }
  actors::settings_answer unset(const std::string &key) {
    return value_of(door().change_settings(
        {.set = {}, .unset = {key}, .actor = "eve", .reason = "r"}));
  }

  std::string first_fault() {
    auto now = view();
    return now->faults.empty() ? "" : config::to_string(now->faults.front());
  }

  temporary_folder folder;
  std::optional<actors::runtime> service;
};

constexpr char seven[] = "[processor]\nbatch_size = 7\n";
constexpr char broken[] = "[processor]\n\nbatch_size = 0\n";

} // namespace

TEST_CASE_METHOD(watcher_fixture, "what the file says holds soon") {
  write(seven);
  CHECK(eventually([&] { return batch_size() == 7; }));
  std::filesystem::remove(path());
  CHECK(eventually([&] { return !first_fault().empty(); }));
  CHECK(batch_size() == 7);
  write("");
  // The values come into force a moment before the view of them is told.
  CHECK(eventually([&] { return first_fault().empty(); }));
  CHECK(batch_size() == 500);
}

TEST_CASE_METHOD(watcher_fixture, "a load tells what is different") {
  write(std::string(seven) + "[http]\nmax_connections = 7\n");
  auto done = value_of(door().reload_settings());
  REQUIRE(done.changes.size() == 2);
  CHECK(done.changes[0].key == "http.max_connections");
  CHECK(done.changes[0].what == config::effect::needs_restart);
  CHECK(done.changes[1].key == "processor.batch_size");
  CHECK(batch_size() == 7);
  CHECK(door().settings()->http.max_connections == 1024);
  CHECK(value_of(door().reload_settings()).changes.empty());
}

TEST_CASE_METHOD(watcher_fixture, "a trial tells what a change would do") {
  using assignments = std::vector<db::override_change::assignment>;
  auto attempt = [&](assignments set, std::vector<std::string> unset) {
    return value_of(door().change_settings({.set = std::move(set),
                                            .unset = std::move(unset),
                                            .actor = "eve",
                                            .reason = "r",
                                            .is_trial = true}));
  };
  auto done = attempt({{"processor.batch_size", "7"}}, {});
  CHECK(done.faults.empty());
  REQUIRE(done.changes.size() == 1);
  CHECK(done.changes[0].before == "500");
  CHECK(done.changes[0].after == "7");
  CHECK(attempt({{"processor.batch_size", "0"}}, {}).faults.size() == 1);
  CHECK(attempt({}, {"processor.batch_size"}).changes.empty());
  CHECK(batch_size() == 500);
  CHECK(view()->overrides.list.empty());
  set("processor.batch_size", "9");
  done = attempt({}, {"processor.batch_size"});
  REQUIRE(done.changes.size() == 1);
  CHECK(done.changes[0].before == "9");
  CHECK(batch_size() == 9);
}

TEST_CASE_METHOD(watcher_fixture, "a faulty file changes nothing, and health "
                                  "says so") {
  write(seven);
  REQUIRE(value_of(door().reload_settings()).faults.empty());
  write(broken);
  auto done = value_of(door().reload_settings());
  REQUIRE(done.faults.size() == 1);
  CHECK(batch_size() == 7);
  auto shown = door().health().settings;
  CHECK(shown.faults == 1);
  CHECK(shown.line == 3);
  CHECK(shown.key == "processor.batch_size");
  write(seven);
  REQUIRE(value_of(door().reload_settings()).faults.empty());
  CHECK(door().health().settings.is_good());
}

TEST_CASE_METHOD(watcher_fixture, "an override outranks the file, over "
                                  "restarts, until it is unset") {
  write(seven);
  REQUIRE(value_of(door().reload_settings()).faults.empty());
  REQUIRE(set("processor.batch_size", "9").faults.empty());
  CHECK(batch_size() == 9);
  CHECK(view()->last_changes.at(0).after == "7");
  write("[processor]\nbatch_size = 8\n");
  auto done = value_of(door().reload_settings());
  REQUIRE(done.changes.size() == 1);
  CHECK(done.changes[0].what == config::effect::outranked);
  CHECK(batch_size() == 9);
  start();
  CHECK(batch_size() == 9);
  REQUIRE(unset("processor.batch_size").faults.empty());
  CHECK(batch_size() == 8);
  CHECK(unset("processor.batch_size").faults.empty());
  CHECK(count("SELECT count(*) FROM audit_log WHERE action = 'settings'") == 2);
}

TEST_CASE_METHOD(watcher_fixture, "what can't be overridden is refused, and "
                                  "nothing is kept") {
  CHECK(set("http.listen", "127.0.0.1:1").faults.size() == 1);
  CHECK(set("auth.admin_token", "0123456789abcdef").faults.size() == 1);
  CHECK(set("processor.batch_size", "0").faults.size() == 1);
  CHECK(set("processor.min_poll_interval", "1m").faults.size() == 1);
  CHECK(unset("no.setting").faults.size() == 1);
  CHECK(count("SELECT count(*) FROM setting_overrides") == 0);
  CHECK(count("SELECT count(*) FROM audit_log") == 0);
}

TEST_CASE_METHOD(watcher_fixture, "a change that would keep another override "
                                  "from holding is refused") {
  REQUIRE(set("health.critical_depth", "5000").faults.empty());
  REQUIRE(set("health.warning_depth", "4000").faults.empty());
  CHECK(unset("health.critical_depth").faults.size() == 1);
  CHECK(set("health.critical_depth", "3000").faults.size() == 1);
  CHECK(door().settings()->health.warning_depth == 4000);
}

TEST_CASE_METHOD(watcher_fixture, "an override that does not fit any more is "
                                  "passed over") {
  REQUIRE(set("health.warning_depth", "900").faults.empty());
  write("[health]\ncritical_depth = 800\n");
  REQUIRE(value_of(door().reload_settings()).faults.empty());
  CHECK(door().settings()->health.warning_depth == 100);
  CHECK(door().settings()->health.critical_depth == 800);
  CHECK(view()->held.now.skipped.size() == 1);
  CHECK(door().health().settings.skipped_overrides == 1);
  CHECK(unset("health.warning_depth").faults.empty());
  CHECK(door().health().settings.is_good());
}

TEST_CASE_METHOD(watcher_fixture, "what another node has set holds here") {
  auto other = store->connect();
  REQUIRE(value_of(other->change_overrides(
      {.set = {{"processor.batch_size", "11"}, {"no.setting", "1"}},
       .actor = "bob"})));
  CHECK(eventually([&] {
    return batch_size() == 11 && view()->held.now.skipped.size() == 1;
  }));
  CHECK(unset("no.setting").faults.empty());
}

TEST_CASE_METHOD(watcher_fixture,
                 "who watches the file may crash at any time") {
  REQUIRE(set("processor.batch_size", "9").faults.empty());
  service->crash("config_watcher");
  write("[processor]\nmax_attempts = 3\n");
  CHECK(eventually(
      [&] { return door().settings()->processor.max_attempts == 3; }));
  CHECK(batch_size() == 9);
  CHECK(door().health().restarts == 1);
}

TEST_CASE_METHOD(watcher_fixture, "a thousand calls for a load are few loads") {
  for (int call = 0; call < 1000; ++call)
    door().reload_settings_soon();
  write(seven);
  door().reload_settings_soon();
  CHECK(eventually([&] { return batch_size() == 7; }));
  CHECK(view()->loads < 10);
}

TEST_CASE_METHOD(watcher_fixture, "a change whose commit got no answer is "
                                  "looked up") {
  plan().add({.method = "change_overrides",
              .when = planned_fault::moment::after_effect,
              .code = db::errc::in_doubt});
  REQUIRE(set("processor.batch_size", "9").faults.empty());
  CHECK(batch_size() == 9);
  CHECK(count("SELECT count(*) FROM audit_log WHERE action = 'settings'") == 1);
}

TEST_CASE_METHOD(watcher_fixture, "without the store the file counts all the "
                                  "same") {
  plan().add({.method = "", .times = -1});
  plan().add({.method = "connect", .times = -1});
  CHECK(!door().change_settings({.set = {{"processor.batch_size", "9"}},
                                 .unset = {},
                                 .actor = "eve",
                                 .reason = "r"}));
  write(seven);
  REQUIRE(value_of(door().reload_settings()).faults.empty());
  CHECK(batch_size() == 7);
  plan().clear();
}
