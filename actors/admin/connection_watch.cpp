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

  void hang_up() const { ::shutdown(socket.get(), SHUT_RDWR); }
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

/// The connection at `port` whose descriptor has this number, if it has.
std::optional<watched> take(int number, int port) {
  if (port_of(number) != port)
    return std::nullopt;
  watched out{.socket = descriptor(::fcntl(number, F_DUPFD_CLOEXEC, 0))};
  const int own = out.socket.get();
  struct stat file {};
  tcp_info facts{};
  socklen_t size = sizeof facts;
  if (own < 0 || port_of(own) != port || !is_connection(own) ||
      ::fstat(own, &file) != 0 ||
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
    one.hang_up();
    ++report.ended_silent;
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
  // Newcomers too have a limit.
  const auto most_fresh = 4 * limits_.most;
  for (const auto &one : all) {
    const auto left = all.size() - report.ended_surplus;
    if (left <= limits_.most || (is_fresh(one) && left <= most_fresh))
      break;
    one.hang_up();
    ++report.ended_surplus;
  }
  return report;
}

} // namespace sluice::actors
