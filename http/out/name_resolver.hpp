#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/out/ip_address.hpp"

struct ares_channeldata;
struct ares_addrinfo;
struct curl_waitfd;

namespace sluice::http {

/// What came of a look-up.
struct name_answer {
  std::uint64_t asker = 0;
  /// All addresses of the name, each once, in an order of their own; empty
  /// when it failed.
  std::vector<ip_address> addresses;
  /// One line, without the name.
  std::string error;
};

/// Looks names up without waiting, for one thread that waits for its sockets
/// among others. Names are taken as they are, without search domains. Askers
/// for one name share a query; answers are kept for as long as they say, five
/// seconds at the most. A query ends within some ten seconds; who does not
/// want to wait that long forgets that it asked.
class name_resolver {
public:
  /// `servers` (`127.0.0.1:5353,...`) instead of the system's, which are read
  /// anew from time to time. Null when c-ares can't begin.
  static std::unique_ptr<name_resolver> open(std::string servers);
  ~name_resolver();
  name_resolver(const name_resolver &) = delete;
  name_resolver &operator=(const name_resolver &) = delete;

  /// The answer is one of a later `take_answers`, maybe of the next.
  void look_up(const std::string &name, std::uint64_t asker);

  /// Answers that have come; each is given once.
  std::vector<name_answer> take_answers();

  /// What to wait for, added to `out`.
  void add_sockets(std::vector<curl_waitfd> &out) const;
  /// For how long, at the most.
  std::chrono::milliseconds patience(std::chrono::milliseconds longest) const;
  /// Goes on, with what the wait has seen of the sockets.
  void step(const std::vector<curl_waitfd> &seen);

private:
  using time_point = std::chrono::steady_clock::time_point;

  struct channel_closer {
    void operator()(ares_channeldata *channel) const;
  };

  /// One query, and all who wait for it.
  struct flight {
    name_resolver *home = nullptr;
    std::string name;
    std::vector<std::uint64_t> askers;
  };

  struct kept_answer {
    std::vector<ip_address> addresses;
    time_point until;
  };

  explicit name_resolver(std::string servers) : servers_(std::move(servers)) {}
  bool open_channel();
  void land(flight &which, int status, ares_addrinfo *found);
  void keep(const std::string &name, const std::vector<ip_address> &addresses,
            std::chrono::seconds time_to_live);

  std::string servers_;
  time_point opened_at_;
  std::map<std::string, std::unique_ptr<flight>> flights_;
  std::map<std::string, kept_answer> kept_;
  std::vector<name_answer> answers_;
  /// Last: what goes with it calls back into the rest.
  std::unique_ptr<ares_channeldata, channel_closer> channel_;
};

} // namespace sluice::http
