#include "tools/ctl/lasting.hpp"

#include <catch2/catch.hpp>

using sluice::tools::lasting_text;

TEST_CASE("long times are told in two units", "[text]") {
  CHECK(lasting_text(0) == "0.0 s");
  CHECK(lasting_text(0.52) == "0.5 s");
  CHECK(lasting_text(51) == "51 s");
  CHECK(lasting_text(780) == "13 min");
  CHECK(lasting_text(3599) == "1 h");
  CHECK(lasting_text(8008) == "2 h 13 min");
  CHECK(lasting_text(100'000) == "1 d 3 h");
}
