#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "actors/control/store_session.hpp"
#include "actors/control/write_watch.hpp"
#include "actors/counters.hpp"
#include "actors/intake/accept_group.hpp"

namespace sluice::actors {

/// Brings many clients' events to disk in one transaction and answers each
/// client after it. An event that the store refuses costs only itself: the
/// batch is halved until that event stands alone. A commit whose outcome is
/// in doubt is looked up after reconnecting, before anybody is answered.
class group_commit {
public:
  group_commit(store_session &session, counters &counts, write_watch &writes);

  /// Commits a group's events and answers its clients; a key counts as repeated
  /// within `dedup_window`. Blocks until that is done, at the longest until the
  /// group's deadline plus one call to the store.
  void run(accept_group &group, std::chrono::seconds dedup_window);

private:
  using time_point = std::chrono::steady_clock::time_point;
  using outcomes = db::result<std::vector<db::accept_outcome>>;

  void commit(std::span<const db::new_event> events, time_point deadline,
              std::span<db::result<db::accept_outcome>> replies);
  outcomes accept(std::span<const db::new_event> events, time_point deadline);
  db::result<std::optional<std::vector<db::accept_outcome>>>
  resolve(const db::error &doubt, time_point deadline);
  void count(std::span<const db::result<db::accept_outcome>> replies);

  store_session &session_;
  counters &counts_;
  write_watch &writes_;
  std::chrono::seconds dedup_window_{};
};

} // namespace sluice::actors
