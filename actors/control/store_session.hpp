#pragma once

#include <chrono>
#include <memory>

#include "actors/backoff.hpp"
#include "db/store.hpp"

namespace sluice::actors {

/// One actor's session with the store: connects when it is needed, drops the
/// session when it is spent, and waits longer from failure to failure before
/// it tries again. Belongs to one thread.
class store_session {
public:
  using clock = std::chrono::steady_clock;

  store_session(std::shared_ptr<db::store_source> source, db::purpose purpose);

  /// The session. Between failed attempts to connect it fails at once with
  /// the last attempt's error, so that callers can refuse instead of wait.
  db::result<db::store *> get();

  /// As `get`, but waits through the pauses between attempts until `deadline`.
  db::result<db::store *> get_until(clock::time_point deadline);

  /// Looks at a failed call and drops the session when it is spent.
  void note(const db::error &failure);

  /// Whether the call took place that failed with `doubt`, `in_doubt`; waits
  /// for a session until `deadline`. The same doubt again when that can't be
  /// learned.
  db::result<bool> settle(const db::error &doubt, clock::time_point deadline);

  /// When the next attempt to connect may be made; in the past when a
  /// session is there.
  clock::time_point next_attempt() const;

  /// Calls `call(store &)` if there is a session, and notes its failure.
  template <class Call>
  auto with(Call call) -> decltype(call(std::declval<db::store &>())) {
    auto session = get();
    if (!session)
      return tl::unexpected(session.error());
    auto answer = call(**session);
    if (!answer)
      note(answer.error());
    return answer;
  }

private:
  std::shared_ptr<db::store_source> source_;
  db::purpose purpose_;
  std::unique_ptr<db::store> session_;
  backoff pauses_;
  clock::time_point next_attempt_{};
  db::error last_failure_;
};

} // namespace sluice::actors
