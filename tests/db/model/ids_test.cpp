#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "db/model/ids.hpp"

using sluice::db::uuid;

TEST_CASE("a uuid is written and read in its canonical form") {
  auto text = std::string("0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f5061");
  auto id = uuid::parse(text);
  REQUIRE(id);
  CHECK(id->to_string() == text);
  CHECK(id->bytes()[0] == 0x01);
  CHECK(id->bytes()[15] == 0x61);
  CHECK(uuid::parse("0192A3B4-C5D6-7E8F-9A0B-1C2D3E4F5061") == id);
  CHECK(uuid().is_nil());
  CHECK(uuid().to_string() == "00000000-0000-0000-0000-000000000000");
  std::string out = "id=";
  id->append_to(out);
  CHECK(out == "id=" + text);
}

TEST_CASE("nothing but the canonical form is a uuid") {
  auto text = GENERATE(as<std::string>(), "", "0192a3b4",
                       "{0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f5061}",
                       " 0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f506",
                       "0192a3b4c5d67e8f9a0b1c2d3e4f5061",
                       "0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f506g",
                       "0192a3b4-c5d6-7e8f-9a0b+1c2d3e4f5061",
                       "0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f50611",
                       "0192a3b-4c5d6-7e8f-9a0b-1c2d3e4f5061");
  CHECK(!uuid::parse(text));
}

TEST_CASE("version and variant are what they should be") {
  for (int i = 0; i < 100; ++i) {
    auto seven = uuid::generate_v7().bytes();
    CHECK((seven[6] >> 4) == 7);
    CHECK((seven[8] >> 6) == 2);
    auto four = uuid::generate_v4().bytes();
    CHECK((four[6] >> 4) == 4);
    CHECK((four[8] >> 6) == 2);
  }
}

TEST_CASE("ids of one thread grow, and their order is that of their text") {
  std::vector<uuid> ids(20'000);
  for (auto &id : ids)
    id = uuid::generate_v7();
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  std::vector<std::string> heads;
  for (const auto &id : ids)
    heads.push_back(id.to_string().substr(0, 18));
  CHECK(std::is_sorted(heads.begin(), heads.end()));
  CHECK(std::adjacent_find(heads.begin(), heads.end()) == heads.end());
}

TEST_CASE("threads never make the same id") {
  constexpr int per_thread = 20'000;
  std::vector<std::vector<uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto &ids : made)
    threads.emplace_back([&ids] {
      for (int i = 0; i < per_thread; ++i)
        ids.push_back(uuid::generate_v7());
    });
  for (auto &thread : threads)
    thread.join();
  std::set<uuid> all;
  for (const auto &ids : made) {
    CHECK(std::is_sorted(ids.begin(), ids.end()));
    all.insert(ids.begin(), ids.end());
  }
  CHECK(all.size() == 4 * per_thread);
}

TEST_CASE("a version 7 uuid tells when it was made") {
  using namespace std::chrono_literals;
  CHECK(uuid::parse("0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f5061")->made_at() ==
        std::chrono::milliseconds(0x0192a3b4c5d6));
  auto now = std::chrono::system_clock::now().time_since_epoch();
  auto fresh = uuid::generate_v7().made_at();
  CHECK(fresh >= now - 1s);
  CHECK(fresh <= now + 10s);
}

TEST_CASE("an id beside another begins like it and is another") {
  const auto first = uuid::generate_v7();
  const auto one = uuid::generate_beside(first);
  const auto other = uuid::generate_beside(first);
  CHECK(one.to_string().substr(0, 18) == first.to_string().substr(0, 18));
  CHECK(one != first);
  CHECK(one != other);
  CHECK(one.made_at() == first.made_at());
  for (const auto &id : {one, other}) {
    CHECK(id.to_string()[14] == '7');
    CHECK(std::string("89ab").find(id.to_string()[19]) != std::string::npos);
  }
}
