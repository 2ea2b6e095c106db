#include "actors/drill/drillable_source.hpp"

#include <utility>
#include <vector>

#include "db/store_around.hpp"

namespace sluice::actors {

namespace {

constexpr char poisoned[] = "move: poisoned by a drill";

tl::unexpected<db::error> cut_off(const char *operation) {
  return db::fail(db::errc::unavailable,
                  std::string(operation) + ": a drill keeps the database away");
}

class drillable_session final : public db::store_around<drillable_session> {
public:
  drillable_session(std::unique_ptr<db::store> inner,
                    std::shared_ptr<drill_faults> faults)
      : store_around(std::move(inner)), faults_(std::move(faults)) {}

  bool is_connected() const override {
    return !is_spent_ && !faults_->is_cut_off() && inner().is_connected();
  }

  db::result<db::claim> claim_items(const db::claim_request &request) override {
    return around("claim_items", [&] {
      if (const auto ghost = faults_->ghost())
        strand(*ghost);
      auto taken = inner().claim_items(request);
      if (taken)
        faults_->note_claim(*taken);
      return taken;
    });
  }
  db::result<int> move(db::claim_id fence) override {
    return around("move", [&]() -> db::result<int> {
      if (faults_->has_poison(fence))
        return db::fail(db::errc::rejected, poisoned);
      return inner().move(fence);
    });
  }
  db::result<db::move_outcome>
  move_each(db::claim_id fence, std::span<const db::event_id> ids) override {
    return around("move_each", [&] { return move_others(fence, ids); });
  }
  db::result<db::due_outcome>
  move_due(const db::due_request &request) override {
    return around("move_due", [&]() -> db::result<db::due_outcome> {
      const auto leave = faults_->may_move();
      if (!leave)
        return db::fail(db::errc::rejected, "move: a drill wants claims");
      return inner().move_due(request);
    });
  }

private:
  friend store_around<drillable_session>;

  template <class Effect>
  auto around(const char *operation, Effect effect) -> decltype(effect()) {
    is_spent_ = is_spent_ || faults_->is_cut_off();
    if (is_spent_)
      return cut_off(operation);
    return effect();
  }

  void strand(const drill_ghost &ghost) {
    constexpr int at_once = 1000;
    const auto taken = inner().claim_items({.node = ghost.node,
                                            .id = db::claim_id::generate(),
                                            .limit = at_once,
                                            .owner = ghost.owner});
    if (taken)
      faults_->note_stranded(taken->items.size());
  }

  db::result<db::move_outcome> move_others(db::claim_id fence,
                                           std::span<const db::event_id> ids) {
    std::vector<db::event_id> others;
    std::vector<db::refused_item> refused;
    for (const auto &id : ids)
      if (faults_->refuse(id))
        refused.push_back({id, poisoned});
      else
        others.push_back(id);
    auto moved = inner().move_each(fence, others);
    if (moved)
      moved->refused.insert(moved->refused.end(), refused.begin(),
                            refused.end());
    return moved;
  }

  std::shared_ptr<drill_faults> faults_;
  /// A session that was cut off once stays so, as one of a real outage does.
  bool is_spent_ = false;
};

} // namespace

drillable_source::drillable_source(std::shared_ptr<db::store_source> inner)
    : inner_(std::move(inner)), faults_(std::make_shared<drill_faults>()) {}

db::result<std::unique_ptr<db::store>>
drillable_source::connect(db::purpose what_for) {
  if (faults_->is_cut_off())
    return cut_off("connect");
  auto session = inner_->connect(what_for);
  if (!session)
    return session;
  return std::make_unique<drillable_session>(std::move(*session), faults_);
}

db::result<db::schema_state> drillable_source::schema() {
  if (faults_->is_cut_off())
    return cut_off("schema");
  return inner_->schema();
}

} // namespace sluice::actors
