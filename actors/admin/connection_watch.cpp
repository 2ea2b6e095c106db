#include "actors/admin/connection_watch.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "actors/admin/descriptor.hpp"
#include "actors/admin/hang_up.hpp"

namespace sluice::actors {

namespace {

struct close_folder {
  void operator()(DIR *folder) const { ::closedir(folder); }
};
using folder_ptr = std::unique_ptr<DIR, close_folder>;

/// A connection, held through a descriptor of our own: the owner may close
/// its own meanwhile, and that number may be given to another file.
struct watched {
  descriptor socket;
  std::uint64_t number = 0;
  /// Since the last byte came, or since there is the connection.
  std::chrono::milliseconds silence{0};
  std::uint64_t bytes = 0;
};

/// The local port of a TCP socket; nothing for all else.
std::optional<int> port_of(int socket) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (::getsockname(socket, reinterpret_cast<sockaddr *>(&local), &size) != 0)
    return std::nullopt;
  if (local.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in &>(local).sin_port);
  if (local.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6 &>(local).sin6_port);
  return std::nullopt;
}

bool is_connection(int socket) {
  int is_listening = 1;
  socklen_t size = sizeof is_listening;
  ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size);
  return is_listening == 0;
}

/// The connection at `port` whose descriptor has this number, if it has and
/// that has not been ended.
std::optional<watched> take(int number, int port) {
  if (port_of(number) != port)
    return std::nullopt;
  watched out{.socket = descriptor(::fcntl(number, F_DUPFD_CLOEXEC, 0))};
  const int own = out.socket.get();
  struct stat file {};
  tcp_info facts{};
  socklen_t size = sizeof facts;
  if (own < 0 || port_of(own) != port || !is_connection(own) ||
      is_hung_up(own) || ::fstat(own, &file) != 0 ||
      ::getsockopt(own, IPPROTO_TCP, TCP_INFO, &facts, &size) != 0)
    return std::nullopt;
  out.number = file.st_ino;
  out.silence = std::chrono::milliseconds(facts.tcpi_last_data_recv);
  out.bytes = facts.tcpi_bytes_received;
  return out;
}

std::vector<watched> connections_at(int port) {
  std::vector<watched> out;
  const folder_ptr open_files(::opendir("/proc/self/fd"));
  if (!open_files)
    return out;
  while (const dirent *entry = ::readdir(open_files.get()))
    if (entry->d_name[0] != '.')
      if (auto found = take(std::atoi(entry->d_name), port))
        out.push_back(std::move(*found));
  return out;
}

} // namespace

watch_report connection_watch::look(int port, time_point now) {
  auto all = connections_at(port);
  watch_report report{.open = all.size()};
  std::map<std::uint64_t, time_point> seen;
  for (const auto &one : all)
    seen[one.number] = first_seen_.try_emplace(one.number, now).first->second;
  first_seen_ = std::move(seen);
  std::erase_if(all, [&](const watched &one) {
    if (one.silence < limits_.silence)
      return false;
    report.ended_silent += hang_up(one.socket.get()) ? 1 : 0;
    return true;
  });
  if (all.size() <= limits_.most)
    return report;
  const auto is_fresh = [&](const watched &one) {
    return now - first_seen_.at(one.number) < limits_.grace;
  };
  std::ranges::sort(all, {}, [&](const watched &one) {
    return std::tuple(is_fresh(one), one.bytes);
  });
  // Newcomers have a limit of their own: nobody loses a place to them.
  const auto most_fresh = 4 * limits_.most;
  auto left = all.size();
  auto settled =
      left - static_cast<std::size_t>(std::ranges::count_if(all, is_fresh));
  for (const auto &one : all) {
    if (is_fresh(one) ? left <= most_fresh : settled <= limits_.most)
      continue;
    settled -= is_fresh(one) ? 0 : 1;
    report.ended_surplus += hang_up(one.socket.get()) ? 1 : 0;
    --left;
  }
  return report;
}

} // namespace sluice::actors
