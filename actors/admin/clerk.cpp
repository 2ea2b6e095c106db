#include "actors/admin/clerk.hpp"

namespace sluice::actors {

clerk_state::clerk_state(pointer) {}

clerk_actor::behavior_type clerk(clerk_state::pointer self,
                                 admin_duties_ptr duties) {
  return {
      [self, duties = std::move(duties)](work_atom,
                                         const admin_order_ptr &order)
          -> caf::result<std::uint32_t, std::string> {
        auto made = duties->orders(*order);
        self->quit();
        return {static_cast<std::uint32_t>(made.status), std::move(made.body)};
      },
  };
}

} // namespace sluice::actors
