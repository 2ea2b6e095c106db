#include "db/model/replay.hpp"

#include <array>

namespace sluice::db {

namespace {

constexpr std::array all_replay_states{
    replay_state::running, replay_state::done, replay_state::cancelled,
    replay_state::failed};

} // namespace

std::string_view to_string(replay_state state) {
  switch (state) {
  case replay_state::running:
    return "running";
  case replay_state::done:
    return "done";
  case replay_state::cancelled:
    return "cancelled";
  case replay_state::failed:
    return "failed";
  }
  return "failed";
}

std::optional<replay_state> parse_replay_state(std::string_view text) {
  for (auto state : all_replay_states)
    if (to_string(state) == text)
      return state;
  return std::nullopt;
}

} // namespace sluice::db
