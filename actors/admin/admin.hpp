#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "actors/interfaces.hpp"

namespace sluice::actors {

/// Of the conversation between consoles and the admin actor.
inline constexpr std::uint32_t admin_protocol = 1;

/// What the admin actor says of itself, and what it does.
struct admin_duties {
  std::string version;
  std::string node;
  admin_orders orders;
  /// An order that takes longer is answered with 504; it may be carried out
  /// yet.
  std::chrono::milliseconds deadline{};
  /// Orders at once; the next one gets a 503.
  std::size_t most_at_once = 8;
};
using admin_duties_ptr = std::shared_ptr<const admin_duties>;

/// State of the admin actor: how many orders are being carried out.
class admin_state {
public:
  static inline const char *name = "admin";
  using pointer = admin_actor::stateful_pointer<admin_state>;
  using order_result = caf::result<std::uint32_t, std::string>;

  explicit admin_state(pointer self);

  /// Called once, before the first message.
  void init(admin_duties_ptr duties);

  const admin_duties &duties() const { return *duties_; }
  order_result carry_out(admin_order order);

private:
  pointer self_;
  admin_duties_ptr duties_;
  std::size_t under_way_ = 0;
};

/// The admin actor's behaviour. Never blocks. What a peer asks it to do with
/// itself (to end) it ignores, unless that can't be refused: see to it that it
/// is started again. Its answers name no other actor.
admin_actor::behavior_type admin(admin_state::pointer self,
                                 admin_duties_ptr duties);

} // namespace sluice::actors
