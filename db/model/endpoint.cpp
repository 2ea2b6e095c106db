#include "db/model/endpoint.hpp"

namespace sluice::db {

std::string_view to_string(endpoint_state state) {
  switch (state) {
  case endpoint_state::active:
    return "active";
  case endpoint_state::paused:
    return "paused";
  case endpoint_state::parked:
    return "parked";
  }
  return "unknown";
}

std::optional<endpoint_state> parse_endpoint_state(std::string_view text) {
  for (auto state :
       {endpoint_state::active, endpoint_state::paused, endpoint_state::parked})
    if (text == to_string(state))
      return state;
  return std::nullopt;
}

std::string_view to_string(endpoint_mode mode) {
  switch (mode) {
  case endpoint_mode::push:
    return "push";
  case endpoint_mode::pull:
    return "pull";
  }
  return "unknown";
}

std::optional<endpoint_mode> parse_endpoint_mode(std::string_view text) {
  for (auto mode : {endpoint_mode::push, endpoint_mode::pull})
    if (text == to_string(mode))
      return mode;
  return std::nullopt;
}

} // namespace sluice::db
