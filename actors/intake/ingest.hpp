#pragma once

#include "actors/intake/group_commit.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the ingest actor.
class ingest_state {
public:
  static inline const char *name = "ingest";
  using pointer = ingest_actor::stateful_pointer<ingest_state>;

  explicit ingest_state(pointer self);
  /// Whoever waits learns at once that this actor is gone.
  ~ingest_state();

  /// Called once, before the first message.
  void init(parts_ptr parts);

  /// Commits a group, unless there is none.
  void flush(std::unique_ptr<accept_group> group);

  intake_box &box() const { return parts_->ingest; }

private:
  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  std::optional<group_commit> commit_;
};

/// The ingest actor's behaviour. Blocks in the store: spawn it detached.
ingest_actor::behavior_type ingest(ingest_state::pointer self, parts_ptr parts);

/// As `ingest`, for the relief: commits only groups that are full.
ingest_actor::behavior_type ingest_relief(ingest_state::pointer self,
                                          parts_ptr parts);

} // namespace sluice::actors
