#include "http/out/name_resolver.hpp"

#include <algorithm>
#include <array>

#include <ares.h>
#include <curl/curl.h>
#include <netdb.h>
#include <sys/socket.h>

namespace sluice::http {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds longest_kept{5};
constexpr seconds channel_age{60};
constexpr std::size_t most_kept = 1024;
/// A name with more is none that somebody means.
constexpr std::size_t most_addresses = 64;
constexpr int query_timeout_ms = 2000;
constexpr int query_tries = 2;

std::string text_of(int status) {
  switch (status) {
  case ARES_ENOTFOUND:
  case ARES_ENODATA:
  case ARES_ENONAME:
  case ARES_EBADNAME:
    return "the host's name has no address";
  case ARES_ETIMEOUT:
  case ARES_ECONNREFUSED:
    return "could not look up the host's name: no name server answers";
  default:
    return "could not look up the host's name";
  }
}

std::vector<ip_address> addresses_of(const ares_addrinfo *found,
                                     seconds &time_to_live) {
  std::vector<ip_address> out;
  for (const auto *each = found->nodes; each != nullptr; each = each->ai_next) {
    const auto address = endpoint_of(each->ai_addr, each->ai_addrlen);
    if (!address)
      continue;
    out.push_back(address->address);
    time_to_live = std::clamp(seconds(each->ai_ttl), seconds(0), time_to_live);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

} // namespace

void name_resolver::channel_closer::operator()(
    ares_channeldata *channel) const {
  ares_destroy(channel);
}

std::unique_ptr<name_resolver> name_resolver::open(std::string servers) {
  // Never undone: it holds nothing that a process could run out of.
  static const int begun = ares_library_init(ARES_LIB_INIT_ALL);
  std::unique_ptr<name_resolver> out(new name_resolver(std::move(servers)));
  return begun == ARES_SUCCESS && out->open_channel() ? std::move(out)
                                                      : nullptr;
}

name_resolver::~name_resolver() {
  channel_.reset();
}

bool name_resolver::open_channel() {
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.timeout = query_timeout_ms;
  options.tries = query_tries;
  ares_channel channel = nullptr;
  if (ares_init_options(&channel, &options,
                        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) !=
      ARES_SUCCESS)
    return false;
  std::unique_ptr<ares_channeldata, channel_closer> fresh(channel);
  if (!servers_.empty() &&
      ares_set_servers_ports_csv(channel, servers_.c_str()) != ARES_SUCCESS)
    return false;
  channel_ = std::move(fresh);
  opened_at_ = steady_clock::now();
  return true;
}

void name_resolver::look_up(const std::string &name, std::uint64_t asker) {
  const auto now = steady_clock::now();
  const auto kept = kept_.find(name);
  if (kept != kept_.end() && now < kept->second.until) {
    answers_.push_back({asker, kept->second.addresses, ""});
    return;
  }
  auto &slot = flights_[name];
  if (slot) {
    slot->askers.push_back(asker);
    return;
  }
  slot = std::make_unique<flight>(flight{this, name, {asker}});
  // The system's name servers may have changed; one that can't be opened now
  // leaves the old ones.
  if (flights_.size() == 1 && now - opened_at_ > channel_age)
    open_channel();
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(
      channel_.get(), name.c_str(), nullptr, &hints,
      [](void *argument, int status, int, ares_addrinfo *found) {
        auto &which = *static_cast<flight *>(argument);
        which.home->land(which, status, found);
      },
      slot.get());
}

void name_resolver::land(flight &which, int status, ares_addrinfo *found) {
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(
      found, &ares_freeaddrinfo);
  // Nobody waits any more; the flights go on their own.
  if (status == ARES_EDESTRUCTION)
    return;
  name_answer answer;
  seconds time_to_live = longest_kept;
  if (status == ARES_SUCCESS && found != nullptr)
    answer.addresses = addresses_of(found, time_to_live);
  if (answer.addresses.size() > most_addresses) {
    answer.addresses.clear();
    answer.error = "the host's name has too many addresses";
  } else if (answer.addresses.empty()) {
    answer.error = text_of(status == ARES_SUCCESS ? ARES_ENODATA : status);
  } else {
    keep(which.name, answer.addresses, time_to_live);
  }
  for (const auto asker : which.askers) {
    answer.asker = asker;
    answers_.push_back(answer);
  }
  // Not by reference to what goes with it.
  const auto name = which.name;
  flights_.erase(name);
}

void name_resolver::keep(const std::string &name,
                         const std::vector<ip_address> &addresses,
                         seconds time_to_live) {
  const auto now = steady_clock::now();
  if (kept_.size() >= most_kept)
    std::erase_if(kept_,
                  [&](const auto &each) { return each.second.until <= now; });
  if (kept_.size() >= most_kept)
    kept_.clear();
  kept_[name] = {addresses, now + time_to_live};
}

std::vector<name_answer> name_resolver::take_answers() {
  return std::exchange(answers_, {});
}

void name_resolver::add_sockets(std::vector<curl_waitfd> &out) const {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const auto bits = static_cast<unsigned>(ares_getsock(
      channel_.get(), sockets.data(), static_cast<int>(sockets.size())));
  for (unsigned i = 0; i < sockets.size(); ++i) {
    unsigned events = 0;
    if ((bits >> i & 1U) != 0)
      events |= CURL_WAIT_POLLIN;
    if ((bits >> (i + ARES_GETSOCK_MAXNUM) & 1U) != 0)
      events |= CURL_WAIT_POLLOUT;
    if (events == 0)
      break;
    out.push_back({sockets[i], static_cast<short>(events), 0});
  }
}

milliseconds name_resolver::patience(milliseconds longest) const {
  if (!answers_.empty())
    return milliseconds(0);
  if (flights_.empty())
    return longest;
  timeval limit{};
  timeval wait{};
  limit.tv_sec = std::chrono::duration_cast<seconds>(longest).count();
  limit.tv_usec = (longest % seconds(1)).count() * 1000;
  const auto *next = ares_timeout(channel_.get(), &limit, &wait);
  // Rounded up, so that it is due when the wait is over.
  return milliseconds(next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
}

void name_resolver::step(const std::vector<curl_waitfd> &seen) {
  if (flights_.empty())
    return;
  for (const auto &each : seen)
    if (each.revents != 0)
      ares_process_fd(channel_.get(), each.fd, each.fd);
  // For those whose time is over.
  ares_process_fd(channel_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

} // namespace sluice::http
