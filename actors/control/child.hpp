#pragma once

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

#include "actors/interfaces.hpp"

/// What a supervised actor owes the one that started it, and what that one
/// does with it.
namespace sluice::actors {

inline constexpr auto on_crash = [](crash_atom) {
  throw std::runtime_error("crash requested");
};

inline constexpr auto on_ping = [](ping_atom) { return true; };

/// Why an actor ended, in one line.
inline std::string reason_text(const caf::error &reason,
                               const caf::actor_system &system) {
  const auto &context = reason.context();
  if (context.match_elements<std::string>())
    return context.get_as<std::string>(0);
  return system.render(reason);
}

/// Asks a child whether it still serves its messages: it answers between two
/// of them, ahead of what waits. Calls `on_answer` when it does, `on_silence`
/// when it has not within `limit`; neither when it has died meanwhile.
template <class Self, class Handle, class OnAnswer, class OnSilence>
void feel_pulse(Self *self, const Handle &child,
                std::chrono::milliseconds limit, OnAnswer on_answer,
                OnSilence on_silence) {
  self->template request<caf::message_priority::high>(child, limit,
                                                      ping_atom::value)
      .then([=](bool) { on_answer(); },
            [=](const caf::error &why) {
              if (why == caf::sec::request_timeout)
                on_silence();
            });
}

/// How long a child may keep its messages waiting: for some calls of the
/// store, each up to its timeout.
inline std::chrono::milliseconds
patience_with_child(const config::settings &now) {
  return std::max(now.supervisor.stuck_after, 4 * now.store.call_timeout);
}

/// Between two pulses of a child.
inline std::chrono::milliseconds pulse_interval(const config::settings &now) {
  using std::chrono::milliseconds;
  return std::clamp(now.supervisor.stuck_after / 4, milliseconds(50),
                    milliseconds(5'000));
}

} // namespace sluice::actors
