#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "http/in/framing_chunks.hpp"
#include "http/in/framing_target.hpp"
#include "http/in/problem.hpp"
#include "http/in/route_match.hpp"
#include "http/in/thread_queue.hpp"

using namespace sluice::http;
using namespace std::chrono_literals;

TEST_CASE("a literal segment goes before a name") {
  const route_matcher routes({{"GET", "/a/{x}/c", "", 0, {}},
                              {"GET", "/a/{x}/{y}", "", 0, {}},
                              {"GET", "/a/b/{y}", "", 0, {}},
                              {"POST", "/a/{z}/{y}", "", 0, {}},
                              {"GET", "/", "", 0, {}}});
  const auto pattern = [&](std::string_view path) -> std::string {
    std::vector<std::string_view> values;
    const auto found = routes.find("GET", path, values).found;
    std::string out = found == nullptr ? "none" : found->pattern;
    for (const auto value : values) {
      out.append(" ").append(value);
    }
    return out;
  };
  CHECK(pattern("/a/b/c") == "/a/b/{y} c");
  CHECK(pattern("/a/x/c") == "/a/{x}/c x");
  CHECK(pattern("/a/x/y") == "/a/{x}/{y} x y");
  CHECK(pattern("/") == "/");
  CHECK(pattern("/a") == "none");
  CHECK(pattern("/a/b/c/d") == "none");
  std::vector<std::string_view> values;
  CHECK(routes.find("PUT", "/a/1/2", values).allow ==
        "GET, HEAD, POST, OPTIONS");
}

TEST_CASE("a route that is declared twice is a mistake") {
  CHECK_THROWS(route_matcher(
      {{"GET", "/a/{x}", "", 0, {}}, {"GET", "/a/{y}", "", 0, {}}}));
  CHECK_THROWS(route_matcher({{"GET", "a", "", 0, {}}}));
}

TEST_CASE("chunks may be cut anywhere") {
  const std::string bytes =
      "5\r\nhello\r\n00000007\r\n, world\r\n0\r\n\r\nrest";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    chunk_decoder decoder(12);
    std::string body;
    auto step = decoder.feed(std::string_view(bytes).substr(0, cut), body);
    std::size_t taken = step.taken;
    if (step.now == chunk_decoder::state::more) {
      step = decoder.feed(std::string_view(bytes).substr(cut), body);
      taken += step.taken;
    }
    CHECK(step.now == chunk_decoder::state::done);
    CHECK(body == "hello, world");
    CHECK(bytes.substr(taken) == "rest");
  }
}

TEST_CASE("targets are taken apart") {
  CHECK(split_target("/a?b?c").value().query == "b?c");
  CHECK(split_target("HTTP://h:1/a").value().path == "/a");
  CHECK(split_target("https://h").value().path == "/");
  CHECK_FALSE(split_target("ftp://h/a").has_value());
  CHECK_FALSE(split_target("http:///a").has_value());
  CHECK_FALSE(split_target("http://h?q").has_value());
  CHECK_FALSE(split_target("*").has_value());
}

TEST_CASE("texts become JSON whatever they hold") {
  CHECK(json_string("a\"\n\x01") == R"("a\"\n\u0001")");
  CHECK(json_string("\xc3\x28") == "\"\xef\xbf\xbd(\"");
  problem what;
  what.status = 429;
  what.slug = "quota-exceeded";
  what.title = "T";
  what.detail = "D";
  what.extensions.emplace_back("limit", "7");
  what.retry_after = 3;
  const auto answer = to_response(what, "id");
  CHECK(answer.body ==
        R"({"type":"urn:sluice:problem:quota-exceeded","title":"T",)"
        R"("status":429,"detail":"D","instance":"id","error":"D",)"
        R"("limit":7,"retry_after":3})");
  CHECK(answer.content_type == "application/problem+json");
  CHECK(answer.headers.at(0).second == "3");
}

TEST_CASE("a queue runs each job at once or refuses it") {
  thread_queue queue(2, 10s);
  std::promise<void> opened;
  const auto open = opened.get_future().share();
  std::atomic<int> done{0};
  const auto waits = [&] {
    open.wait();
    ++done;
  };
  CHECK(queue.run(waits));
  CHECK(queue.run(waits));
  thread_queue::job third = waits;
  const bool is_taken = queue.run(std::move(third));
  CHECK_FALSE(is_taken);
  // A refused task stays.
  // NOLINTNEXTLINE(bugprone-use-after-move)
  const bool is_left = third != nullptr;
  CHECK(is_left);
  opened.set_value();
  queue.stop();
  CHECK(done == 2);
  CHECK(queue.threads() == 0);
}

TEST_CASE("threads without work end") {
  thread_queue queue(8, 1ms);
  std::promise<void> ran;
  CHECK(queue.run([&] { ran.set_value(); }));
  ran.get_future().wait();
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (queue.threads() > 0 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  CHECK(queue.threads() == 0);
}
