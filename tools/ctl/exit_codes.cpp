#include "tools/ctl/exit_codes.hpp"

namespace sluice::tools {

ctl_exit exit_of_status(int status) {
  if (status >= 200 && status < 300)
    return ctl_exit::done;
  switch (status) {
  case 401:
  case 403:
    return ctl_exit::unauthorised;
  case 408:
  case 504:
    return ctl_exit::timed_out;
  default:
    return ctl_exit::refused;
  }
}

ctl_exit exit_of(actors::line_failure::kind what) {
  using enum actors::line_failure::kind;
  switch (what) {
  case unreachable:
    return ctl_exit::cannot_connect;
  case unauthorised:
    return ctl_exit::unauthorised;
  case other_version:
    return ctl_exit::refused;
  case timed_out:
    break;
  }
  return ctl_exit::timed_out;
}

} // namespace sluice::tools
