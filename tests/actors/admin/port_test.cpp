#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

#include "actors/admin/admin.hpp"
#include "actors/admin/certificate_folder.hpp"
#include "actors/admin/connection_watch.hpp"
#include "actors/admin/console_line.hpp"
#include "actors/admin/descriptor.hpp"
#include "actors/admin/network.hpp"
#include "actors/admin/port.hpp"
#include "actors/admin/tls_manners.hpp"
#include "actors/admin/tls_probe.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/support/commit_cutter.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice::actors;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

/// An admin port that answers each order with what it was.
struct port_fixture {
  port_fixture() {
    REQUIRE(eventually([&] { return port.number() != 0; }));
  }

  admin_port_options options() {
    return {.listen = "127.0.0.1:0",
            .folder = folder,
            .version = "1.0",
            .node = "node-1",
            .orders =
                [this](const admin_order &order) {
                  while (is_held)
                    std::this_thread::sleep_for(10ms);
                  return admin_answer{200, order.operator_name + ' ' +
                                               order.method + ' ' + order.path +
                                               ' ' + order.body};
                },
            .deadline = 500ms};
  }

  std::string address() const {
    return "127.0.0.1:" + std::to_string(port.number());
  }

  /// A connection of somebody who says this and no more.
  descriptor connect_stranger(const std::string &says) const {
    descriptor out(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<std::uint16_t>(port.number()));
    REQUIRE(::connect(out.get(), reinterpret_cast<const sockaddr *>(&at),
                      sizeof at) == 0);
    REQUIRE(::send(out.get(), says.data(), says.size(), 0) ==
            static_cast<ssize_t>(says.size()));
    return out;
  }

  identity first_operator() const {
    return *read_identity(folder, operator_name);
  }

  auto open(const identity &own, const std::string &version = "1.0") const {
    return console_line::open(
        {.address = address(), .own = own, .version = version});
  }

  temporary_folder scratch;
  std::filesystem::path folder = scratch.path() / "admin";
  std::atomic<bool> is_held{false};
  admin_port port{options()};
};

/// What the threads of networks have used.
std::chrono::nanoseconds network_time() {
  std::chrono::nanoseconds total{0};
  for (const auto &task :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    long long used = 0;
    std::ifstream comm(task.path() / "comm");
    if (std::getline(comm, name) && name == "caf.multiplexer" &&
        std::ifstream(task.path() / "schedstat") >> used)
      total += std::chrono::nanoseconds(used);
  }
  return total;
}

void await_end(const descriptor &connection) {
  char bytes[256];
  while (::recv(connection.get(), bytes, sizeof bytes, 0) > 0) {
  }
}

} // namespace

TEST_CASE_METHOD(port_fixture, "an order is carried out over the network",
                 "[admin]") {
  auto line = open(first_operator());
  REQUIRE(line);
  CHECK((*line)->node() == "node-1");
  for (int count = 0; count < 3; ++count) {
    const auto answer = (*line)->send({"ada", "POST", "/x", "{}"}, 5s);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == "ada POST /x {}");
  }
}

TEST_CASE_METHOD(port_fixture, "other versions are told which is which",
                 "[admin]") {
  const auto line = open(first_operator(), "0.9");
  REQUIRE_FALSE(line);
  CHECK(line.error().what == line_failure::kind::other_version);
  CHECK(line.error().text.starts_with("this ctl is 0.9, the service is 1.0"));
}

TEST_CASE_METHOD(port_fixture, "only operators of this authority get in",
                 "[admin]") {
  const auto stranger_folder = scratch.path() / "stranger";
  REQUIRE(make_certificates(stranger_folder));
  const auto stranger = *read_identity(stranger_folder, operator_name);
  auto liar = stranger;
  liar.authority = first_operator().authority;
  const auto service = *read_identity(folder, server_name);
  for (const auto &own : {stranger, liar, service}) {
    const auto line = open(own);
    REQUIRE_FALSE(line);
    CHECK(line.error().what == line_failure::kind::unauthorised);
  }
  CHECK(open(first_operator()));
}

TEST_CASE_METHOD(port_fixture, "the port outlives its certificate files",
                 "[admin]") {
  const auto own = first_operator();
  std::filesystem::remove_all(folder);
  CHECK(open(own));
}

TEST_CASE_METHOD(port_fixture, "an order that takes too long is given up",
                 "[admin]") {
  auto line = open(first_operator());
  REQUIRE(line);
  is_held = true;
  const auto answer = (*line)->send({"ada", "GET", "/", ""}, 5s);
  is_held = false;
  REQUIRE(answer);
  CHECK(answer->status == 504);
  CHECK((*line)->send({"ada", "GET", "/", ""}, 5s)->status == 200);
}

TEST_CASE_METHOD(port_fixture, "a killed admin actor is published again",
                 "[admin]") {
  const auto before = port.number();
  {
    const identity_files files(first_operator());
    network_config config(files, 10s);
    caf::actor_system system(config);
    auto found = caf::openssl::remote_actor<admin_actor>(
        system, "127.0.0.1", static_cast<std::uint16_t>(before));
    REQUIRE(found);
    // The first of these is refused, the second can't be.
    caf::scoped_actor self(system);
    self->monitor(*found);
    caf::anon_send_exit(*found, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(*found, caf::exit_reason::kill);
    self->receive([](const caf::down_msg &) {},
                  caf::after(10s) >> [] { FAIL("it lives"); });
  }
  CHECK(eventually([&] {
    return port.number() == before && open(first_operator()).has_value();
  }));
}

TEST_CASE_METHOD(port_fixture, "nothing else can be reached", "[admin]") {
  const identity_files files(first_operator());
  network_config config(files, 10s);
  caf::actor_system system(config);
  auto found = caf::openssl::remote_actor<admin_actor>(
      system, "127.0.0.1", static_cast<std::uint16_t>(port.number()));
  REQUIRE(found);
  caf::scoped_actor self(system);
  // Junk is refused and harms nobody.
  auto any = caf::actor_cast<caf::actor>(*found);
  bool is_refused = false;
  self->request(any, 2s, std::string("junk"), 42)
      .receive([] {}, [&](const caf::error &) { is_refused = true; });
  CHECK(is_refused);
  const auto made = system.middleman().remote_spawn<caf::actor>(
      found->node(), "clerk", caf::make_message(), 2s);
  CHECK_FALSE(made);
  std::uint32_t status = 0;
  self->request(*found, 2s, order_atom::value, admin_protocol + 1,
                std::string("1.0"), std::string("ada"), std::string("GET"),
                std::string("/"), std::string())
      .receive([&](std::uint32_t answered,
                   const std::string &) { status = answered; },
               [](const caf::error &) {});
  CHECK(status == 409);
}

TEST_CASE_METHOD(port_fixture, "the library's own helpers can be missed",
                 "[admin]") {
  {
    const identity_files files(first_operator());
    network_config config(files, 10s);
    caf::actor_system system(config);
    auto found = caf::openssl::remote_actor<admin_actor>(
        system, "127.0.0.1", static_cast<std::uint16_t>(port.number()));
    REQUIRE(found);
    for (const auto name : {caf::atom("SpawnServ"), caf::atom("ConfigServ")})
      if (auto helper = system.middleman().remote_lookup(name, found->node()))
        caf::anon_send_exit(caf::actor_cast<caf::actor>(helper),
                            caf::exit_reason::kill);
    // Answered after what was sent before.
    caf::scoped_actor self(system);
    self->request(*found, 5s, hello_atom::value, admin_protocol,
                  std::string("1.0"))
        .receive([](std::uint32_t, const std::string &, const std::string &) {},
                 [](const caf::error &) { FAIL("no answer"); });
  }
  auto line = open(first_operator());
  REQUIRE(line);
  CHECK((*line)->send({"ada", "GET", "/", ""}, 5s)->status == 200);
}

TEST_CASE_METHOD(port_fixture, "consoles don't cut each other off", "[admin]") {
  auto line = open(first_operator());
  REQUIRE(line);
  const auto stranger_folder = scratch.path() / "stranger";
  REQUIRE(make_certificates(stranger_folder));
  const auto stranger = *read_identity(stranger_folder, operator_name);
  for (int count = 0; count < 5; ++count) {
    const auto seen =
        probe_admin_port("127.0.0.1", static_cast<std::uint16_t>(port.number()),
                         count % 2 == 0 ? stranger : first_operator(), 5s);
    CHECK((seen.what == probe_result::verdict::welcome) == (count % 2 == 1));
    const auto answer = (*line)->send({"ada", "GET", "/", ""}, 5s);
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
}

TEST_CASE_METHOD(port_fixture, "who is waited for takes no processor",
                 "[admin]") {
  const auto silent = connect_stranger("");
  // The head of a record that never comes.
  const auto slow = connect_stranger(std::string("\x16\x03\x01\x40\x00", 5));
  // Answered after both were looked at.
  REQUIRE(open(first_operator()));
  const auto used = std::clock();
  // A window of measurement: nothing is to happen in it.
  std::this_thread::sleep_for(400ms);
  CHECK(std::clock() - used < CLOCKS_PER_SEC / 5);
}

TEST_CASE_METHOD(port_fixture, "strangers get a part of a processor",
                 "[admin]") {
  const auto begin = std::chrono::steady_clock::now();
  const auto used = network_time();
  std::chrono::nanoseconds took{0};
  while ((took = std::chrono::steady_clock::now() - begin) < 400ms) {
    std::vector<descriptor> flood;
    for (int count = 0; count < 8; ++count)
      flood.push_back(connect_stranger("GET / HTTP/1.1\r\n\r\n"));
    for (const auto &one : flood)
      await_end(one);
  }
  const auto spent = network_time() - used;
  CHECK(spent > 0ns);
#ifdef __SANITIZE_ADDRESS__
  // The step between two rests is several times as long.
  CHECK(spent < took * 19 / 20);
#else
  CHECK(spent < took * 4 / 5);
#endif
}

TEST_CASE_METHOD(port_fixture, "who is slow to answer is waited for",
                 "[admin]") {
  // Longer than the first try takes, shorter than the second may.
  const commit_cutter slow(port.number(), 1'500ms);
  CHECK(
      console_line::open({.address = "127.0.0.1:" + std::to_string(slow.port()),
                          .own = first_operator(),
                          .version = "1.0"}));
}

TEST_CASE_METHOD(port_fixture, "each refusal is counted once", "[admin]") {
  constexpr int strangers = 20;
  const auto before = refused_handshakes();
  for (int count = 0; count < strangers; ++count)
    connect_stranger(count % 2 == 0 ? "GET / HTTP/1.1\r\n\r\n" : "");
  CHECK(eventually([&] { return refused_handshakes() - before >= strangers; }));
  // Whom the watch hangs up on was not refused.
  const auto silent = connect_stranger("");
  connection_watch watch({.most = 32, .silence = 0ms});
  CHECK(eventually([&] {
    watch.look(port.number(), std::chrono::steady_clock::now());
    char byte = 0;
    return ::recv(silent.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }));
  // Comes after it.
  CHECK(open(first_operator()));
  CHECK(refused_handshakes() - before == strangers);
}

TEST_CASE("a port without good certificates stays closed", "[admin]") {
  temporary_folder scratch;
  const auto folder = scratch.path() / "admin";
  REQUIRE(make_certificates(folder));
  std::filesystem::remove(folder / "server.key");
  admin_port port({.listen = "127.0.0.1:0",
                   .folder = folder,
                   .version = "1.0",
                   .node = "node-1",
                   .orders = {}});
  port.stop();
  CHECK(port.number() == 0);
}

TEST_CASE_METHOD(port_fixture, "a port that is taken is tried again",
                 "[admin]") {
  auto taken = options();
  taken.listen = address();
  admin_port second(taken);
  const auto wanted = port.number();
  port.stop();
  CHECK(port.number() == 0);
  REQUIRE(eventually([&] { return second.number() == wanted; }));
  CHECK(console_line::open(
      {.address = taken.listen, .own = first_operator(), .version = "1.0"}));
}

TEST_CASE("who can't be reached is told apart", "[admin]") {
  temporary_folder scratch;
  const auto folder = scratch.path() / "admin";
  REQUIRE(make_certificates(folder));
  const auto own = *read_identity(folder, operator_name);
  const auto failure_at = [&](const std::string &address) {
    const auto line = console_line::open({.address = address,
                                          .own = own,
                                          .version = "1.0",
                                          .connect_limit = 300ms});
    REQUIRE_FALSE(line);
    CHECK(line.error().what == line_failure::kind::unreachable);
    return line.error().text;
  };
  CHECK(failure_at("127.0.0.1:1").find("refused") != std::string::npos);
  // The kernel connects for a listener that does not care.
  const descriptor silent(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(::listen(silent.get(), 1) == 0);
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ::getsockname(silent.get(), reinterpret_cast<sockaddr *>(&at), &size);
  CHECK(failure_at("127.0.0.1:" + std::to_string(ntohs(at.sin_port)))
            .ends_with("does not answer"));
}
