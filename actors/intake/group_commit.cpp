#include "actors/intake/group_commit.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

constexpr int attempts_on_conflict = 5;

} // namespace

group_commit::group_commit(store_session &session, counters &counts,
                           write_watch &writes)
    : session_(session), counts_(counts), writes_(writes) {}

void group_commit::run(accept_group &group, std::chrono::seconds dedup_window) {
  dedup_window_ = dedup_window;
  accept_reply replies(group.events().size());
  commit(group.events(), group.deadline(), replies);
  count(replies);
  group.settle(std::move(replies));
}

void group_commit::commit(std::span<const db::new_event> events,
                          time_point deadline,
                          std::span<db::result<db::accept_outcome>> replies) {
  auto done = accept(events, deadline);
  if (done) {
    counts_.commit_size.note(std::uint64_t{events.size()});
    std::copy(done->begin(), done->end(), replies.begin());
    return;
  }
  if (done.error().code == db::errc::rejected && events.size() > 1) {
    auto half = events.size() / 2;
    commit(events.first(half), deadline, replies.first(half));
    commit(events.subspan(half), deadline, replies.subspan(half));
    return;
  }
  std::fill(replies.begin(), replies.end(), tl::unexpected(done.error()));
}

group_commit::outcomes
group_commit::accept(std::span<const db::new_event> events,
                     time_point deadline) {
  outcomes last = db::fail(db::errc::conflict, "accept was not tried");
  for (int attempt = 0; attempt < attempts_on_conflict; ++attempt) {
    last = writes_.around(write_watch::kind::commit, [&] {
      return session_.with([&](db::store &store) {
        return store.accept(events, dedup_window_);
      });
    });
    if (last)
      return last;
    if (last.error().code == db::errc::in_doubt) {
      auto settled = resolve(last.error(), deadline);
      if (!settled)
        return last;
      if (*settled)
        return std::move(**settled);
      continue; // rolled back: the same ids may be written again
    }
    if (last.error().code != db::errc::conflict)
      return last;
  }
  return last;
}

db::result<std::optional<std::vector<db::accept_outcome>>>
group_commit::resolve(const db::error &doubt, time_point deadline) {
  for (;;) {
    auto session = session_.get_until(deadline);
    if (!session)
      return tl::unexpected(session.error());
    auto settled = (*session)->resolve(doubt);
    if (settled)
      return settled;
    session_.note(settled.error());
    if (std::chrono::steady_clock::now() >= deadline)
      return settled;
  }
}

void group_commit::count(
    std::span<const db::result<db::accept_outcome>> replies) {
  using kind = db::accept_outcome::kind;
  auto accepted = std::count_if(replies.begin(), replies.end(), [](auto &one) {
    return one && one->what == kind::accepted;
  });
  auto created = std::count_if(replies.begin(), replies.end(), [](auto &one) {
    return one && one->what == kind::created;
  });
  auto repeated = std::count_if(replies.begin(), replies.end(), [](auto &one) {
    return one && one->what == kind::duplicate;
  });
  counts_.accepted += static_cast<std::uint64_t>(accepted);
  counts_.created += static_cast<std::uint64_t>(created);
  counts_.duplicates += static_cast<std::uint64_t>(repeated);
  ++counts_.commits;
}

} // namespace sluice::actors
