#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "actors/control/store_session.hpp"
#include "actors/delivery/answer_box.hpp"
#include "actors/delivery/endpoint_book.hpp"
#include "actors/queue/ramp.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the dispatcher: what is in flight, what came of it and is not
/// written down yet, and when to look for more.
class dispatcher_state {
public:
  static inline const char *name = "dispatcher";
  using pointer = dispatcher_actor::stateful_pointer<dispatcher_state>;

  explicit dispatcher_state(pointer self);
  ~dispatcher_state();

  /// Called once, before the first message.
  void init(parts_ptr parts);

  /// There may be deliveries that are due.
  void woken();
  /// There are answers in the box.
  void answered();
  /// The endpoints have changed.
  void endpoints_changed();
  void settings_changed();
  void tick(std::uint64_t plan);
  /// Claims no more; ends once what is in flight is written down, or after a
  /// part of `shutdown.grace`.
  void leave();

private:
  using clock = std::chrono::steady_clock;

  /// A delivery on its way.
  struct flight {
    db::delivery_id id;
    db::organization_id organization;
    db::endpoint_id endpoint;
    db::claim_id fence;
    int attempts = 0;
    std::size_t bytes = 0;
  };

  void go_on();
  void refresh_endpoints();
  void note_endpoints();
  int room();
  bool claim_once();
  void send(const db::delivery_claim &claim);
  void note_answers();
  void note(const webhook_answer &answer, const flight &was);
  void record();
  void give_up();
  void plan(clock::time_point at);
  void end_when_done();

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  std::shared_ptr<answer_box> answers_;
  std::unique_ptr<webhook_port> port_;
  endpoint_book book_;
  ramp ramp_;
  std::map<std::uint64_t, flight> in_flight_;
  std::size_t bytes_in_flight_ = 0;
  std::size_t mean_bytes_ = 0;
  std::uint64_t last_token_ = 0;
  /// Not written down yet.
  std::vector<db::delivery_result> results_;
  clock::time_point refreshed_at_{};
  clock::time_point next_look_{};
  std::uint64_t plan_ = 0;
  /// When to give up what is in flight; none: not leaving.
  std::optional<clock::time_point> leaving_until_;
  std::minstd_rand random_{std::random_device{}()};
};

/// The dispatcher's behaviour. Blocks in the store: spawn it detached.
dispatcher_actor::behavior_type dispatcher(dispatcher_state::pointer self,
                                           parts_ptr parts);

} // namespace sluice::actors
