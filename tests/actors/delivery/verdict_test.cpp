#include "actors/delivery/verdict.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using outcome = db::delivery_result::kind;

namespace {

config::delivery_settings two_waits() {
  config::delivery_settings settings;
  settings.retry_schedule = {10s, 100s};
  return settings;
}

actors::webhook_answer told(int status) {
  actors::webhook_answer answer;
  answer.what = actors::webhook_answer::kind::answered;
  answer.status = status;
  return answer;
}

} // namespace

TEST_CASE("2xx has arrived, and nothing else has") {
  const auto settings = two_waits();
  for (int status = 100; status < 600; ++status) {
    CAPTURE(status);
    auto found = actors::judge(told(status), 1, settings, 0);
    CHECK(found.is_delivered() == (status >= 200 && status < 300));
    CHECK(found.error.empty() == found.is_delivered());
    CHECK(found.is_gone == (status == 410));
  }
  actors::webhook_answer cut;
  cut.error = "could not connect";
  cut.status = 200;
  CHECK(actors::judge(cut, 1, settings, 0).error == "could not connect");
  cut.what = actors::webhook_answer::kind::refused;
  CHECK(actors::judge(cut, 1, settings, 0).what == outcome::retry);
}

TEST_CASE("each failure has its wait, the one behind the last is the end") {
  const auto settings = two_waits();
  CHECK(actors::judge(told(500), 1, settings, 0).retry_in == 10s);
  CHECK(actors::judge(told(500), 2, settings, 0).retry_in == 100s);
  CHECK(actors::judge(told(500), 3, settings, 0).what == outcome::dead_letter);
  CHECK(actors::judge(told(200), 3, settings, 0).is_delivered());
  CHECK(actors::judge(told(500), 99, settings, 0).what == outcome::dead_letter);
}

TEST_CASE("waits are spread by a fifth either way") {
  const auto settings = two_waits();
  CHECK(actors::judge(told(500), 1, settings, 1).retry_in == 12s);
  CHECK(actors::judge(told(500), 1, settings, -1).retry_in == 8s);
}

TEST_CASE("an endpoint may ask for a longer wait, within bounds") {
  const auto settings = two_waits();
  auto answer = told(503);
  answer.retry_after = 60s;
  CHECK(actors::judge(answer, 1, settings, 0).retry_in == 60s);
  CHECK(actors::judge(answer, 2, settings, 0).retry_in == 100s);
  answer.retry_after = 10'000h;
  CHECK(actors::judge(answer, 1, settings, 0).retry_in ==
        actors::longest_asked_wait);
  answer.retry_after = -5s;
  CHECK(actors::judge(answer, 1, settings, 0).retry_in == 10s);
  answer.status = 429;
  answer.retry_after = 60s;
  CHECK(actors::judge(answer, 1, settings, 0).retry_in == 60s);
  answer.status = 500;
  CHECK(actors::judge(answer, 1, settings, 0).retry_in == 10s);
}
