#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include <pthread.h>

namespace sluice::http {

/// Runs jobs that may take long, each on a thread of its own at once or not
/// at all: no job ever waits behind another. Threads are kept for a few
/// seconds for the next job, then end.
class thread_queue {
public:
  using job = std::function<void()>;

  thread_queue(std::size_t most_threads, std::chrono::milliseconds keep_idle);
  /// As `stop`.
  ~thread_queue();
  thread_queue(const thread_queue &) = delete;
  thread_queue &operator=(const thread_queue &) = delete;

  /// False when all threads are busy and no more may be had; `task` is then
  /// left as it was. Jobs must not throw. Call it from one thread at a time.
  bool run(job &&task);

  /// Waits for all jobs and joins all threads. Idempotent.
  void stop();

  std::size_t threads() const;

private:
  static void *enter(void *self);
  void work();
  bool take(job &task);
  bool spawn();
  void join_ended();

  const std::size_t most_threads_;
  const std::chrono::milliseconds keep_idle_;

  mutable std::mutex mutex_;
  std::condition_variable wanted_;
  std::condition_variable ended_;
  std::deque<job> jobs_;
  std::size_t threads_ = 0;
  /// Threads that wait for a job, less the jobs that wait for them.
  std::size_t free_ = 0;
  std::vector<pthread_t> finished_;
  bool is_stopping_ = false;
};

} // namespace sluice::http
