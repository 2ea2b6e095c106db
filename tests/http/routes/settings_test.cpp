#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

struct settings_fixture {
  received ask(const std::string &method, const std::string &body = {},
               const std::string &target = "/admin/v1/settings") {
    return client.send(
        {method,
         target,
         body,
         {{"authorization", std::string("Bearer ") + admin_token},
          {"content-type", "application/json"}}});
  }
  received reload() { return ask("POST", "", "/admin/v1/reload"); }

  /// Of a setting, as it is shown.
  nlohmann::json shown(const std::string &key) {
    const auto all = ask("GET").json();
    for (const auto &one : all.at("settings"))
      if (one.at("key") == key)
        return one;
    return nullptr;
  }

  /// Of the running service.
  actors::settings_view &view() { return client.gateway.view; }

  route_client client;
};

config::fault made_fault(std::string key, std::string problem) {
  return {.where = {.from = config::source::file, .name = "f.toml", .line = 3},
          .key = std::move(key),
          .problem = std::move(problem)};
}

} // namespace

TEST_CASE_METHOD(settings_fixture, "settings are shown, secrets are not",
                 "[settings]") {
  CHECK(shown("processor.batch_size").at("value") == "500");
  CHECK(shown("processor.batch_size").at("change") == "hot");
  CHECK(shown("processor.batch_size").at("source") == "default");
  CHECK(shown("http.listen").at("change") == "restart");
  CHECK(shown("auth.admin_token").at("value") == "***");
  CHECK(ask("GET").raw.body.find(admin_token) == std::string::npos);
}

TEST_CASE_METHOD(settings_fixture, "where a setting comes from is shown",
                 "[settings]") {
  view().overrides = {
      4,
      {{"processor.batch_size", "7", "eve", "a test", client.gateway.now},
       {"processor.bath_size", "8", "bob", "", client.gateway.now}}};
  auto &now = view().held.now;
  now.values.processor.batch_size = 7;
  now.origins["processor.batch_size"] = {.from = config::source::runtime,
                                         .name = "override"};
  now.origins["http.listen"] = {
      .from = config::source::file, .name = "f.toml", .line = 2};
  now.skipped = {{.key = "processor.bath_size", .problem = "unknown setting"}};
  now.waiting = {"http.listen"};
  view().held.found.values.http.listen = "127.0.0.1:1";
  const auto all = ask("GET").json();
  CHECK(all.at("version") == 4);
  CHECK(all.at("waiting_for_restart").at(0) == "http.listen");
  CHECK(shown("processor.batch_size").at("value") == "7");
  CHECK(shown("processor.batch_size").at("source") == "override");
  CHECK(shown("processor.batch_size").at("overridden_by") == "eve");
  CHECK(shown("http.listen").at("where") == "f.toml:2");
  CHECK(shown("http.listen").at("after_restart") == "127.0.0.1:1");
  CHECK(all.at("overrides").at(0).at("skipped") == nullptr);
  CHECK(all.at("overrides").at(1).at("skipped") == "unknown setting");
}

TEST_CASE_METHOD(settings_fixture, "what is wrong with the file is shown",
                 "[settings]") {
  view().faults = {made_fault("processor.batch_size", "is empty")};
  const auto file = ask("GET").json().at("file");
  CHECK(file.at("faults").at(0) == "f.toml:3: processor.batch_size: is empty");
  CHECK(file.at("path") == nullptr);
}

TEST_CASE_METHOD(settings_fixture, "a dry run says what would be different",
                 "[settings]") {
  client.gateway.differences = {
      {.key = "processor.batch_size", .before = "500", .after = "7"}};
  const auto answer =
      ask("POST", R"({"set":["processor.batch_size=7"],"dry_run":true})");
  REQUIRE(answer.status == 200);
  CHECK(client.gateway.settings_changes.at(0).is_trial);
  CHECK(answer.json().at("dry_run") == true);
  CHECK(answer.json().at("changes").at(0).at("before") == "500");
  CHECK(answer.json().at("changes").at(0).at("after") == "7");
}

TEST_CASE_METHOD(settings_fixture, "a change of settings is handed on",
                 "[settings]") {
  REQUIRE(ask("POST", R"({"set":["processor.batch_size=7","log.level=info"],
                          "unset":["ingest.max_batch"],
                          "actor":"eve","reason":"why"})")
              .status == 200);
  const auto &made = client.gateway.settings_changes.at(0);
  CHECK(made.set.at(0).key == "processor.batch_size");
  CHECK(made.set.at(0).value == "7");
  CHECK(made.set.at(1).key == "log.level");
  CHECK(made.unset.at(0) == "ingest.max_batch");
  CHECK(made.actor == "eve");
  CHECK(made.reason == "why");
}

TEST_CASE_METHOD(settings_fixture,
                 "a change of settings that is refused says "
                 "why, place by place",
                 "[settings]") {
  client.gateway.settings_faults = {
      {.key = "http.max_payload", .problem = "takes effect at a start only"},
      {.key = "x.y", .problem = "unknown setting"}};
  const auto answer =
      ask("POST", R"({"set":["http.max_payload=1KiB"],"unset":["x.y"]})");
  CHECK(answer.status == 422);
  const auto errors = answer.json().at("errors");
  CHECK(errors.at(0).at("pointer") == "/set");
  CHECK(errors.at(0).at("detail") ==
        "http.max_payload: takes effect at a start only");
  CHECK(errors.at(1).at("pointer") == "/unset");
}

TEST_CASE_METHOD(settings_fixture,
                 "a change of settings without sense is not "
                 "handed on",
                 "[settings]") {
  for (const auto *body :
       {"{}", R"({"set":[]})", R"({"set":["processor.batch_size"]})",
        R"({"set":"a=b"})", R"({"unset":[]})", R"({"sets":["a=b"]})"})
    CHECK(ask("POST", body).status == 422);
  CHECK(client.gateway.settings_changes.empty());
}

TEST_CASE_METHOD(settings_fixture,
                 "while the store is away settings can't be "
                 "changed, but shown",
                 "[settings]") {
  client.gateway.outage = db::error{db::errc::unavailable, "away", {}, {}};
  CHECK(ask("POST", R"({"set":["log.level=info"]})").status == 503);
  CHECK(reload().status == 503);
  CHECK(ask("GET").status == 200);
}

TEST_CASE_METHOD(settings_fixture, "a load says what is different",
                 "[settings]") {
  client.gateway.differences = {
      {.key = "processor.batch_size", .before = "500", .after = "7"},
      {.key = "http.listen",
       .what = config::effect::needs_restart,
       .before = "127.0.0.1:4000",
       .after = "127.0.0.1:1"}};
  const auto answer = reload();
  REQUIRE(answer.status == 200);
  const auto changes = answer.json().at("changes");
  CHECK(changes.at(0).at("effect") == "applied");
  CHECK(changes.at(0).at("after") == "7");
  CHECK(changes.at(1).at("effect") == "restart");
  CHECK(client.gateway.reloads == 1);
}

TEST_CASE_METHOD(settings_fixture, "a load in vain says why, line by line",
                 "[settings]") {
  client.gateway.settings_faults = {
      made_fault("processor.batch_size", "is empty"),
      made_fault("", "not TOML")};
  const auto answer = reload();
  CHECK(answer.status == 422);
  CHECK(answer.slug() == "settings-faulty");
  const auto errors = answer.json().at("errors");
  CHECK(errors.at(0).at("pointer") == "f.toml:3");
  CHECK(errors.at(0).at("detail") == "processor.batch_size: is empty");
  CHECK(errors.at(1).at("detail") == "not TOML");
}

TEST_CASE_METHOD(settings_fixture, "the parts of the service are shown",
                 "[settings]") {
  client.gateway.part_list = {{.name = "poller", .is_running = true},
                              {.name = "worker 1",
                               .is_running = false,
                               .restarts = 2,
                               .last_error = "it \"hung\""}};
  const auto answer =
      client.send({"GET",
                   "/admin/v1/actors",
                   "",
                   {{"authorization", std::string("Bearer ") + admin_token}}});
  REQUIRE(answer.status == 200);
  const auto list = answer.json().at("actors");
  CHECK(list.at(0).at("state") == "running");
  CHECK(list.at(0).at("last_error") == nullptr);
  CHECK(list.at(1).at("restarts") == 2);
  CHECK(list.at(1).at("last_error") == "it \"hung\"");
}
