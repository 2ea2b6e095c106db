#include "db/sqlite/wal_sync.hpp"

#include <algorithm>
#include <utility>

#include <sqlite3.h>

namespace sluice::db::sqlite {

void wal_sync::announce() {
  std::lock_guard guard(mutex_);
  is_committing_ = true;
}

wal_sync::commit wal_sync::note(std::shared_ptr<connection> on) {
  std::lock_guard guard(mutex_);
  is_committing_ = false;
  newest_ = std::move(on);
  ended_.notify_all();
  return {++written_, newest_};
}

void wal_sync::withdraw() {
  std::lock_guard guard(mutex_);
  is_committing_ = false;
  ended_.notify_all();
}

wal_sync::outcome
wal_sync::await(const commit &wanted,
                std::chrono::steady_clock::time_point deadline) {
  std::unique_lock guard(mutex_);
  while (synced_ < wanted.number && !has_failed_) {
    if (is_syncing_) {
      if (ended_.wait_until(guard, deadline) == std::cv_status::timeout)
        return outcome::late;
      continue;
    }
    is_syncing_ = true;
    auto reached = written_;
    guard.unlock();
    int code = wanted.on->sync_wal();
    guard.lock();
    is_syncing_ = false;
    if (code == SQLITE_OK && !has_failed_)
      synced_ = std::max(synced_, reached);
    else
      has_failed_ = true;
    ended_.notify_all();
  }
  return synced_ >= wanted.number ? outcome::on_disk : outcome::failed;
}

wal_sync::outcome
wal_sync::await_all(std::chrono::steady_clock::time_point deadline) {
  commit newest;
  {
    std::unique_lock guard(mutex_);
    if (!ended_.wait_until(guard, deadline, [this] { return !is_committing_; }))
      return outcome::late;
    if (synced_ == written_ && !has_failed_)
      return outcome::on_disk;
    newest = {written_, newest_};
  }
  return await(newest, deadline);
}

wal_sync::pause::pause(wal_sync &of) : of_(of) {
  std::unique_lock guard(of_.mutex_);
  of_.ended_.wait(guard, [this] { return !of_.is_syncing_; });
  of_.is_syncing_ = true;
}

wal_sync::pause::~pause() {
  std::lock_guard guard(of_.mutex_);
  of_.is_syncing_ = false;
  of_.ended_.notify_all();
}

void wal_sync::distrust() {
  std::lock_guard guard(mutex_);
  has_failed_ = true;
  ended_.notify_all();
}

bool wal_sync::is_broken() const {
  std::lock_guard guard(mutex_);
  return has_failed_;
}

void wal_sync::mend() {
  std::lock_guard guard(mutex_);
  synced_ = written_;
  has_failed_ = false;
}

} // namespace sluice::db::sqlite
