#pragma once

#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of a reader: its session.
class reader_state {
public:
  static inline const char *name = "reader";
  using pointer = reader_actor::stateful_pointer<reader_state>;

  explicit reader_state(pointer self);

  /// Called once, before the first message.
  void init(const parts_ptr &parts);

  void run(store_job &job);

private:
  std::optional<store_session> session_;
};

/// A reader's behaviour. Blocks in the store: spawn it detached.
reader_actor::behavior_type reader(reader_state::pointer self,
                                   const parts_ptr &parts);

} // namespace sluice::actors
