#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "http/in/console_orders.hpp"
#include "http/in/machine_facts.hpp"
#include "http/in/service_routes.hpp"
#include "tests/support/fake_gateway.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;
using nlohmann::json;

namespace {

/// A service over a store of its own, as a console sees it.
struct diagnosis_fixture {
  explicit diagnosis_fixture(const std::string &url) {
    config::settings settings;
    settings.store.url = url;
    orders = http::make_console_orders(http::make_service(gateway, settings));
  }

  json get(const std::string &path) {
    const auto answer = orders({"ada", "GET", path, ""});
    REQUIRE(answer.status == 200);
    return json::parse(answer.body);
  }

  fake_gateway gateway;
  actors::admin_orders orders;
};

} // namespace

TEST_CASE("the counts say what was done and who works", "[diagnosis]") {
  diagnosis_fixture on("sqlite:nothing.db");
  on.gateway.sample.accepted = 7;
  on.gateway.counted.busy_workers = 2;
  const auto counts = on.get("/admin/v1/counts");
  CHECK(counts.at("accepted") == 7);
  CHECK(counts.at("workers").at("busy") == 2);
  CHECK(counts.at("workers").at("all") == 4);
  CHECK(counts.at("cpu_seconds") > 0);
}

TEST_CASE("a diagnosis tells of a store that is not there", "[diagnosis]") {
  const temporary_folder folder;
  diagnosis_fixture on("sqlite:" + (folder.path() / "none.db").string());
  on.gateway.sample.database_error = "gone";
  const auto found = on.get("/admin/v1/diagnosis");
  CHECK(found.at("store").is_null());
  CHECK(found.at("store_error").is_string());
  CHECK(found.at("database_error") == "gone");
  CHECK(found.at("disk").at("total_bytes") > 0);
  CHECK(found.at("process").at("id") == getpid());
  CHECK(found.at("process").at("resident_bytes") > 0);
  CHECK(found.at("process").at("uptime_seconds") >= 0);
  CHECK(found.at("machine").at("cores") > 0);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "none.db"));
}

TEST_CASE("a diagnosis tells of a store that is there", "[diagnosis]") {
  const temporary_folder folder;
  const auto url = "sqlite:" + (folder.path() / "sluice.db").string();
  const auto source = db::open_store({.url = url, .clock = {}});
  REQUIRE(source);
  REQUIRE((*source)->migrate());
  diagnosis_fixture on(url);
  const auto store = on.get("/admin/v1/diagnosis").at("store");
  CHECK(store.at("engine") == "sqlite");
  CHECK(store.at("schema").at("found") == store.at("schema").at("known"));
  CHECK(store.at("tables").at("queue").at("pending") == 0);
  CHECK(store.at("tables").at("verdict").is_null());
  CHECK(store.at("sqlite").at("holder") == getpid());
  CHECK(store.at("postgres").is_null());
}

TEST_CASE("a folder that is not there has no disk", "[diagnosis]") {
  CHECK_FALSE(http::read_disk("/no/such/folder"));
  CHECK_FALSE(http::read_disk(""));
  CHECK(http::read_disk("/"));
}
