#pragma once

#include "actors/admin/admin.hpp"

namespace sluice::actors {

/// State of a clerk: none.
class clerk_state {
public:
  static inline const char *name = "clerk";
  using pointer = clerk_actor::stateful_pointer<clerk_state>;

  explicit clerk_state(pointer self);
};

/// A clerk's behaviour. Blocks while the order is carried out: spawn it
/// detached.
clerk_actor::behavior_type clerk(clerk_state::pointer self,
                                 admin_duties_ptr duties);

} // namespace sluice::actors
