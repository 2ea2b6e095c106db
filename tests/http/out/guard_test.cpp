#include "http/out/address_guard.hpp"

#include <catch2/catch.hpp>

namespace sluice::tests {

namespace {

using http::address_guard;
using http::ip_endpoint;
using http::is_public;
using http::parse_address;
using http::parse_network;

ip_endpoint at(const std::string &address, std::uint16_t port = 443) {
  return {parse_address(address).value(), port};
}

} // namespace

TEST_CASE("addresses that are not public") {
  for (const auto *text :
       {"0.0.0.0", "0.1.2.3", "0.255.255.255", "10.0.0.0", "10.1.2.3",
        "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255",
        "127.0.0.0", "127.0.0.1", "127.1.2.3", "127.255.255.255", "169.254.0.0",
        "169.254.169.254", "169.254.170.2", "169.254.255.255", "172.16.0.0",
        "172.17.0.1", "172.31.255.255", "192.0.0.0", "192.0.0.8", "192.0.0.170",
        "192.0.0.192", "192.0.2.1", "192.0.2.255", "192.31.196.1",
        "192.52.193.1", "192.88.99.0", "192.88.99.255", "192.168.0.0",
        "192.168.1.1", "192.168.255.255", "192.175.48.6", "198.18.0.0",
        "198.19.255.255", "198.51.100.7", "203.0.113.0", "203.0.113.255",
        "224.0.0.0", "224.0.0.1", "233.252.0.1", "239.255.255.255", "240.0.0.0",
        "254.1.2.3", "255.255.255.254", "255.255.255.255",
        // IPv6
        "::", "::1", "::2", "::127.0.0.1", "::ffff:0.0.0.0", "::ffff:10.0.0.1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:192.168.0.1",
        "::ffff:255.255.255.255", "::ffff:0:7f00:1",
        "64:ff9b::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b::808:808", "64:ff9b:1::1", "64:ff9b:1:ffff::1",
        "100::", "100::1", "100:0:0:1::1", "2001::", "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1",
        "2001:20::1", "2001:1ff:ffff::1", "2001:db8::", "2001:db8::1",
        "2001:db8:ffff:ffff::1", "2002::", "2002:7f00:1::", "2002:a00:1::1",
        "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1",
        "4000::1", "5f00::1", "5f00:ffff::1", "8000::1", "f000::1",
        "fc00::", "fc00::1", "fd00::1", "fd00:ec2::254", "fdff:ffff::1",
        "fe00::1", "fe80::", "fe80::1", "febf::1", "fec0::1", "feff::1",
        "ff00::", "ff02::1", "ff0e::1", "ffff::1"}) {
    CAPTURE(text);
    CHECK_FALSE(is_public(parse_address(text).value()));
    CHECK_FALSE(address_guard().allows(at(text)));
  }
}

TEST_CASE("addresses that are public, among them those just outside") {
  for (const auto *text : {"1.0.0.0",         "1.1.1.1",
                           "8.8.8.8",         "9.255.255.255",
                           "11.0.0.0",        "93.184.216.34",
                           "100.63.255.255",  "100.128.0.0",
                           "126.255.255.255", "128.0.0.0",
                           "169.253.255.255", "169.255.0.0",
                           "172.15.255.255",  "172.32.0.0",
                           "191.255.255.255", "192.0.1.0",
                           "192.0.3.0",       "192.88.98.255",
                           "192.88.100.0",    "192.167.255.255",
                           "192.169.0.0",     "198.17.255.255",
                           "198.20.0.0",      "198.51.99.255",
                           "198.51.101.0",    "203.0.112.255",
                           "203.0.114.0",     "223.255.255.255",
                           "::ffff:8.8.8.8",  "2000::1",
                           "2001:200::1",     "2001:db7::1",
                           "2001:db9::1",     "2001:4860:4860::8888",
                           "2003::1",         "2606:4700::1111",
                           "2a00:1450::1",    "3ffe::1",
                           "3fff:1000::1"}) {
    CAPTURE(text);
    CHECK(is_public(parse_address(text).value()));
    CHECK(address_guard().allows(at(text)));
  }
}

TEST_CASE("an address has one spelling") {
  for (const auto *text : {"",
                           " ",
                           "127.1",
                           "127.0.1",
                           "2130706433",
                           "0x7f000001",
                           "0x7f.0.0.1",
                           "0177.0.0.1",
                           "127.0.0.01",
                           "127.0.0.1.",
                           ".127.0.0.1",
                           "127.0.0",
                           "127.0.0.1 ",
                           " 127.0.0.1",
                           "127.0.0.256",
                           "127.0.0.-1",
                           "1.2.3.4.5",
                           "127.0.0.1/8",
                           "127.0.0.1:80",
                           "a.b.c.d",
                           "[::1]",
                           "::1%lo",
                           "fe80::1%eth0",
                           "0:0:0:0:0:0:0:1",
                           "::0001",
                           "::01",
                           ":::1",
                           "1::2::3",
                           "::ffff:7f00:1",
                           "::FFFF:127.0.0.01",
                           "0::ffff:127.0.0.1",
                           "0:0:0:0:0:ffff:127.0.0.1",
                           "2001:DB8:0:0::1",
                           "::127.0.0.1.1",
                           "12345::1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "::1\n",
                           "\xEF\xBC\x91.1.1.1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_address(text));
  }
  CHECK_FALSE(parse_address(std::string("127.0.0.1\0", 10)));
  CHECK_FALSE(parse_address(std::string(100, '1')));
  CHECK(parse_address("2001:DB8::A") == parse_address("2001:db8::a"));
  CHECK(parse_address("::FFFF:8.8.8.8") == parse_address("8.8.8.8"));
}

TEST_CASE("allowed networks let their addresses through, and no others") {
  const address_guard guard(
      http::parse_networks({"127.0.0.0/8", "fd00::/8", "192.168.7.9"}).value());
  for (const auto *text : {"127.0.0.1", "127.255.0.1", "::ffff:127.0.0.1",
                           "fd12::1", "192.168.7.9", "8.8.8.8"})
    CHECK(guard.allows(at(text, 9000)));
  for (const auto *text :
       {"::1", "10.0.0.1", "fc00::1", "192.168.7.8", "192.168.7.10"})
    CHECK_FALSE(guard.allows(at(text)));
}

TEST_CASE("everything allowed leaves out what is no single machine") {
  const address_guard guard(
      http::parse_networks({"0.0.0.0/0", "::/0"}).value());
  CHECK(guard.allows(at("169.254.169.254")));
  CHECK(guard.allows(at("fe80::1")));
  for (const auto *text : {"0.0.0.0", "0.0.0.1", "224.0.0.1", "239.1.1.1",
                           "255.255.255.255", "::", "ff02::1"})
    CHECK_FALSE(guard.allows(at(text)));
}

TEST_CASE("a listener is forbidden at its port only") {
  const address_guard guard(
      http::parse_networks({"127.0.0.0/8"}).value(),
      http::targets_of_listener("127.0.0.1", 4000).value());
  CHECK_FALSE(guard.allows(at("127.0.0.1", 4000)));
  CHECK_FALSE(guard.allows(at("::ffff:127.0.0.1", 4000)));
  CHECK(guard.allows(at("127.0.0.1", 4002)));
  CHECK(guard.allows(at("127.0.0.2", 4000)));
}

TEST_CASE("a listener on all addresses is forbidden at each") {
  const auto *host = GENERATE("0.0.0.0", "::");
  const address_guard guard(http::parse_networks({"0.0.0.0/0", "::/0"}).value(),
                            http::targets_of_listener(host, 4000).value());
  CHECK_FALSE(guard.allows(at("127.0.0.1", 4000)));
  CHECK_FALSE(guard.allows(at("127.9.9.9", 4000)));
  CHECK_FALSE(guard.allows(at("::1", 4000)));
  CHECK(guard.allows(at("127.0.0.1", 4001)));
  CHECK(guard.allows(at("93.184.216.34", 4000)));
}

TEST_CASE("a listener without an address is an error") {
  const auto targets = http::targets_of_listener("not a name", 1);
  REQUIRE_FALSE(targets);
  CHECK(targets.error().find("'not a name'") != std::string::npos);
}

TEST_CASE("a network that is wrong says what") {
  const auto fault = [](const char *text) {
    const auto network = parse_network(text);
    return network ? "" : network.error();
  };
  CHECK(fault("10.0.0.0/8").empty());
  CHECK(fault("10.0.0.7").empty());
  CHECK(fault("::/0").empty());
  CHECK(fault("fd00::/8").empty());
  CHECK(fault("10.0.0.0/33") == "'10.0.0.0/33' has more than 32 bits");
  CHECK(fault("fd00::/129") == "'fd00::/129' has more than 128 bits");
  CHECK(fault("10.0.0.1/8") ==
        "'10.0.0.1/8' has bits set behind those of the network");
  CHECK(fault("::ffff:10.0.0.0/104").find("write it as IPv4") !=
        std::string::npos);
  for (const auto *text : {"10.0.0.0/", "10.0.0.0/08", "10.0.0.0/x",
                           "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8"})
    CHECK(fault(text).find("needs a number of bits") != std::string::npos);
  for (const auto *text : {"", "/8", "10/8", "10.0.0.0.0/8", "loopback", "*"})
    CHECK(fault(text).find("is no network") != std::string::npos);
}

} // namespace sluice::tests
