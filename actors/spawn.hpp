#pragma once

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include <caf/all.hpp>
#include <pthread.h>
#include <spdlog/spdlog.h>

namespace sluice::actors {

/// As `make_error(reason)`, with a text about it.
inline caf::error exit_error(caf::exit_reason reason, std::string text) {
  auto plain = caf::make_error(reason);
  return {plain.code(), plain.category(), caf::make_message(std::move(text))};
}

namespace detail {

template <class Self>
void install_handlers(Self *self) {
  self->set_default_handler(
      [](caf::scheduled_actor *me,
         caf::message_view &) -> caf::result<caf::message> {
        spdlog::warn("{}: a message that it does not know", me->name());
        return caf::sec::unexpected_message;
      });
  self->set_exception_handler(
      [](caf::scheduled_actor *me, std::exception_ptr &thrown) -> caf::error {
        std::string cause = "an unknown exception";
        try {
          std::rethrow_exception(thrown);
        } catch (const std::exception &known) {
          cause = known.what();
        } catch (...) {
        }
        spdlog::error("{} died: {}", me->name(), cause);
        return exit_error(caf::exit_reason::unhandled_exception, cause);
      });
}

template <class Function>
struct spawn_traits;

template <class Behavior, class State, class Base, class... Args>
struct spawn_traits<Behavior (*)(caf::stateful_actor<State, Base> *, Args...)> {
  using self_pointer = caf::stateful_actor<State, Base> *;
  using state_type = State;
};

} // namespace detail

/// The one way to spawn an actor here. Checks what the compiler can't know:
/// CAF initialises a state that is an aggregate from the self pointer, so
/// every state has a constructor. Installs handlers that log what CAF would
/// print to standard output.
template <caf::spawn_options Options, class Spawner, class Function,
          class... Args>
auto spawn_child(Spawner *spawner, Function function, Args &&...args) {
  using traits = detail::spawn_traits<Function>;
  static_assert(!std::is_aggregate_v<typename traits::state_type>,
                "give the state a constructor");
  return spawner->template spawn<Options>(
      [function](typename traits::self_pointer self,
                 std::decay_t<Args>... values) {
        detail::install_handlers(self);
        // Seen by `top -H` and debuggers. A thread that actors share keeps
        // its name.
        if constexpr (caf::has_detach_flag(Options))
          pthread_setname_np(pthread_self(), traits::state_type::name);
        return function(self, std::move(values)...);
      },
      std::forward<Args>(args)...);
}

} // namespace sluice::actors
