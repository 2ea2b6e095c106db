#include <catch2/catch.hpp>

#include "actors/rollback/plan.hpp"
#include "actors/rollback/standing.hpp"

using namespace sluice;
using namespace sluice::actors;

namespace {

db::procedure kept(const rollback_run &run) {
  db::procedure out;
  out.id = run.id;
  out.version = 7;
  out.document = to_json(run).dump();
  return out;
}

rollback_run make_run(rollback_target target) {
  rollback_run run;
  run.id = db::procedure_id::generate();
  run.asked = {.target = target, .actor = "ann", .reason = "it's \"slow\""};
  run.wanted = wanted_for(run.asked, run.before);
  run.steps = steps_to(target);
  return run;
}

std::vector<std::string> names_of(const json &steps) {
  std::vector<std::string> out;
  for (const auto &one : steps)
    out.push_back(one.at("step"));
  return out;
}

} // namespace

TEST_CASE("the record of a rollback can be read back", "[rollback]") {
  using enum rollback_target;
  auto run = make_run(GENERATE(sync, reject, stop, undo));
  run.state = GENERATE(rollback_state::under_way, rollback_state::aborted);
  run.begun_at = "2026-01-31T12:00:00.000001Z";
  run.before.processing = db::processing_mode::paused;
  run.steps[0].is_done = true;
  run.steps[0].attempts = 2;
  run.steps[1].facts["nodes_behind"] = {"b:4000"};
  run.remarks = {"taken up again"};
  run.open_points = {"ingest is async, not sync"};
  const auto read = parse_run(kept(run));
  REQUIRE(read);
  CHECK(read->version == 7);
  CHECK(to_json(*read) == to_json(run));
}

TEST_CASE("a record of another version is not taken for one", "[rollback]") {
  auto document = to_json(make_run(rollback_target::sync));
  document["target"] = "sideways";
  db::procedure other;
  other.document = document.dump();
  CHECK_FALSE(parse_run(other));
  other.document = GENERATE("", "{}", "[]", "null", "{\"target\":\"sync\"}");
  CHECK_FALSE(parse_run(other));
}

TEST_CASE("each target has its dials and its steps", "[rollback]") {
  const auto sync = make_run(rollback_target::sync);
  CHECK(sync.wanted.ingest == db::ingest_mode::sync);
  CHECK(sync.wanted.processing == db::processing_mode::drained);
  CHECK(sync.find(rollback_step::drain));
  const auto stop = make_run(rollback_target::stop);
  CHECK(stop.wanted.ingest == db::ingest_mode::reject);
  CHECK(stop.wanted.processing == db::processing_mode::paused);
  CHECK(stop.wanted.delivery == db::delivery_mode::paused);
  CHECK_FALSE(stop.find(rollback_step::drain));
  CHECK(make_run(rollback_target::reject).find(rollback_step::drain));
}

TEST_CASE("an undo asks for nothing that an operator can't ask for",
          "[rollback]") {
  using enum db::processing_mode;
  CHECK(restorable({.processing = draining}).processing == running);
  CHECK(restorable({.processing = drained}).processing == paused);
  CHECK(restorable({.processing = paused}).processing == paused);
}

TEST_CASE("a plan says how long each step takes, if that can be told",
          "[rollback]") {
  const auto run = make_run(rollback_target::sync);
  rollback_scene scene;
  scene.queue.pending = 50'000;
  scene.queue.processing = 500;
  scene.check_took = std::chrono::milliseconds(1500);
  scene.sample.stored_per_minute = 60'000;
  auto plan = plan_of(run, scene);
  CHECK(names_of(plan.at("steps")) ==
        std::vector<std::string>{"check", "turn", "drain", "verify"});
  CHECK(plan.at("steps")[0].at("seconds") == 1.5);
  CHECK(plan.at("steps")[2].at("seconds") == 51);
  CHECK(plan.at("warnings").empty());
  scene.sample.stored_per_minute = 0;
  plan = plan_of(run, scene);
  CHECK(plan.at("steps")[2].at("seconds").is_null());
  CHECK(plan.at("warnings").size() == 1);
  scene.queue = {};
  CHECK(plan_of(run, scene).at("steps")[2].at("seconds") == 0);
}

TEST_CASE("a plan warns of what a rollback won't mend", "[rollback]") {
  rollback_scene scene;
  scene.books.fault_count = 3;
  scene.queue.quarantined = 2;
  scene.gate.resume_at = db::timestamp(std::chrono::hours(500'000));
  scene.silent_nodes = {"node-2"};
  const auto plan = plan_of(make_run(rollback_target::stop), scene);
  CHECK(plan.at("warnings").size() == 4);
}

TEST_CASE("a rollback is in force while a dial stands where it put it",
          "[rollback]") {
  auto run = make_run(rollback_target::sync);
  run.state = rollback_state::done;
  db::gate_state now;
  CHECK_FALSE(standing_of(run, now));
  now.ingest = db::ingest_mode::sync;
  now.processing = db::processing_mode::drained;
  REQUIRE(standing_of(run, now));
  CHECK(standing_of(run, now)->dials ==
        std::vector<std::string>{"ingest", "processing"});
  CHECK_FALSE(standing_of(run, now)->is_under_way());
  now.ingest = db::ingest_mode::async;
  CHECK(standing_of(run, now)->dials == std::vector<std::string>{"processing"});
  // What stood so before is nothing that it holds.
  run.before.processing = db::processing_mode::drained;
  CHECK_FALSE(standing_of(run, now));
}

TEST_CASE("a rollback under way is known by its next step", "[rollback]") {
  auto run = make_run(GENERATE(rollback_target::stop, rollback_target::undo));
  run.steps.front().is_done = true;
  const auto standing = standing_of(run, {});
  REQUIRE(standing);
  CHECK(standing->next == rollback_step::turn);
  CHECK(to_json(standing).at("state") == "under way");
  run.state = rollback_state::aborted;
  CHECK_FALSE(standing_of(run, {}));
  CHECK(to_json(standing_of(run, {})).is_null());
}
