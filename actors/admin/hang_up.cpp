#include "actors/admin/hang_up.hpp"

#include <sys/socket.h>

namespace sluice::actors {

namespace {

// A mark that stays with the socket: the priority of what is sent no longer.
constexpr int hung_up_mark = 1;

} // namespace

bool hang_up(int socket) {
  if (is_hung_up(socket))
    return false;
  ::setsockopt(socket, SOL_SOCKET, SO_PRIORITY, &hung_up_mark,
               sizeof hung_up_mark);
  ::shutdown(socket, SHUT_RDWR);
  return true;
}

bool is_hung_up(int socket) {
  int found = 0;
  socklen_t size = sizeof found;
  ::getsockopt(socket, SOL_SOCKET, SO_PRIORITY, &found, &size);
  return found == hung_up_mark;
}

} // namespace sluice::actors
