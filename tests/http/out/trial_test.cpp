#include "http/out/webhook_trial.hpp"

#include <future>
#include <thread>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// Answers when it is told to; what it was given is on record.
struct held_port : actors::webhook_port {
  explicit held_port(actors::on_webhook_answers done)
      : done_(std::move(done)) {}

  void send(std::vector<actors::webhook_request> requests) override {
    sent.set_value(requests.front().id);
  }
  void apply(const config::delivery_settings &) override {}
  void answer(int status) {
    actors::webhook_answer came;
    came.what = actors::webhook_answer::kind::answered;
    came.status = status;
    done_({came});
  }

  std::promise<std::string> sent;

private:
  actors::on_webhook_answers done_;
};

actors::webhook_request trial_request(std::string id) {
  actors::webhook_request out;
  out.id = std::move(id);
  return out;
}

} // namespace

TEST_CASE("a trial waits for its own answer, one of an organization") {
  std::promise<held_port *> opened;
  config::delivery_settings used;
  http::webhook_trials trials([&](const config::delivery_settings &settings,
                                  actors::on_webhook_answers done) {
    used = settings;
    auto port = std::make_unique<held_port>(std::move(done));
    opened.set_value(port.get());
    return port;
  });
  const auto who = db::organization_id::generate();
  config::delivery_settings patient;
  patient.timeout = 1h;
  auto found = std::async(std::launch::async, [&] {
    return trials.run(who, trial_request("a"), patient);
  });
  auto *const port = opened.get_future().get();
  CHECK(port->sent.get_future().get() == "a");
  CHECK_FALSE(trials.run(who, trial_request("b"), {}));
  port->answer(202);
  const auto came = found.get();
  REQUIRE(came);
  CHECK(came->status == 202);
  CHECK(used.timeout == http::webhook_trials::longest);
}

TEST_CASE("a trial without a port or an answer ends, and leaves its place") {
  http::webhook_trials none(
      [](const auto &, auto) { return std::unique_ptr<held_port>(); });
  const auto who = db::organization_id::generate();
  for (int turn = 0; turn < 2; ++turn) {
    const auto came = none.run(who, trial_request("a"), {});
    REQUIRE(came);
    CHECK(came->what == actors::webhook_answer::kind::failed);
    CHECK_FALSE(came->error.empty());
  }
}
