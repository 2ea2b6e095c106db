#include "http/in/stream_hub.hpp"

#include <catch2/catch.hpp>

#include <future>

#include "http/in/secrets.hpp"
#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

/// A hub that looks, shows that it lives and asks for keys all the time.
class hub_bench {
public:
  explicit hub_bench(http::stream_hub::limits most = eager())
      : hub_(gateway, keys_, cursors_, most) {}

  static http::stream_hub::limits eager() {
    http::stream_hub::limits out;
    out.between_looks = 1ms;
    out.between_signs_of_life = 1ms;
    out.between_looks_at_keys = 1h;
    return out;
  }

  std::shared_ptr<http::body_source> open(http::stream_order order = {}) {
    auto made = hub_.open(order);
    REQUIRE(made);
    return std::move(*made);
  }

  http::stream_hub &hub() { return hub_; }

  fake_gateway gateway;

private:
  http::authenticator keys_{gateway, config::settings().auth};
  http::cursor_codec cursors_{gateway};
  http::stream_hub hub_;
};

std::future<http::body_piece> ask(http::body_source &from) {
  auto promise = std::make_shared<std::promise<http::body_piece>>();
  from.next([promise](http::body_piece made) {
    promise->set_value(std::move(made));
  });
  return promise->get_future();
}

http::body_piece await(std::future<http::body_piece> piece) {
  REQUIRE(piece.wait_for(20s) == std::future_status::ready);
  return piece.get();
}

} // namespace

TEST_CASE("a stream in which nothing happens shows that it lives",
          "[streams]") {
  hub_bench on;
  auto one = on.open();
  for (int times = 0; times < 3; ++times) {
    const auto piece = await(ask(*one));
    CHECK(piece.bytes == ":\n\n");
    CHECK_FALSE(piece.is_last);
  }
}

TEST_CASE("a stream ends with the key that it was asked for with",
          "[streams]") {
  auto most = hub_bench::eager();
  most.between_signs_of_life = 1h;
  most.between_looks_at_keys = 1ms;
  hub_bench on(most);
  auto one = on.open();
  CHECK(await(ask(*one)).is_last);
}

TEST_CASE("a store that is away ends no stream", "[streams]") {
  hub_bench on;
  on.gateway.outage = db::error{db::errc::unavailable, "away", {}};
  auto one = on.open();
  CHECK_FALSE(await(ask(*one)).is_last);
}

TEST_CASE("streams end with the hub", "[streams]") {
  auto most = hub_bench::eager();
  most.between_signs_of_life = 1h;
  auto on = std::make_unique<hub_bench>(most);
  auto one = on->open();
  auto piece = ask(*one);
  CHECK(on->hub().count() == 1);
  on.reset();
  const auto last = await(std::move(piece));
  CHECK(last.is_last);
  CHECK(await(ask(*one)).is_last);
}

TEST_CASE("who gave its stream up makes room for another", "[streams]") {
  auto most = hub_bench::eager();
  most.in_all = 2;
  hub_bench on(most);
  auto one = on.open({.organization = db::organization_id::generate()});
  auto two = on.open({.organization = db::organization_id::generate()});
  CHECK_FALSE(on.hub().open({}));
  one.reset();
  CHECK(on.hub().open({}));
}
