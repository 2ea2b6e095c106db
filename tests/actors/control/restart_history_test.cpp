#include "actors/control/restart_history.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::actors::restart_history;

TEST_CASE("restarts are counted, and those of the last hour apart") {
  const restart_history::time_point began{1000h};
  restart_history history;
  CHECK(history.total() == 0);
  CHECK(history.within_last_hour(began) == 0);
  history.note(began);
  history.note(began + 30min);
  CHECK(history.within_last_hour(began + 59min) == 2);
  CHECK(history.within_last_hour(began + 60min) == 1);
  history.note(began + 80min);
  CHECK(history.within_last_hour(began + 89min) == 2);
  CHECK(history.within_last_hour(began + 90min) == 1);
  CHECK(history.total() == 3);
}
