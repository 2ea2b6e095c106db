#pragma once

#include "actors/intake/group_commit.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the ingest actor: submissions that have gathered while the last
/// group was committed.
class ingest_state {
public:
  static inline const char *name = "ingest";
  using pointer = ingest_actor::stateful_pointer<ingest_state>;

  explicit ingest_state(pointer self);

  /// Called once, before the first message.
  void init(parts_ptr parts);

  /// Adds a submission to the next group.
  void gather(submission_ptr one);

  /// Commits a group, and plans the next one if more has gathered.
  void flush();

private:
  std::vector<submission_ptr> take_group();

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  std::optional<group_commit> commit_;
  std::vector<submission_ptr> gathered_;
  bool is_flush_planned_ = false;
};

/// The ingest actor's behaviour. Blocks in the store: spawn it detached.
ingest_actor::behavior_type ingest(ingest_state::pointer self, parts_ptr parts);

} // namespace sluice::actors
