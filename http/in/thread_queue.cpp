#include "http/in/thread_queue.hpp"

#include <utility>

namespace sluice::http {

namespace {

// A thread for each connection: the usual 8 MiB would be a gigabyte of
// address space for a hundred of them. The edge itself touches 24 KiB.
constexpr std::size_t stack_bytes = 524'288;

} // namespace

thread_queue::thread_queue(std::size_t most_threads,
                           std::chrono::milliseconds keep_idle)
    : most_threads_(most_threads), keep_idle_(keep_idle) {}

thread_queue::~thread_queue() {
  stop();
}

bool thread_queue::run(job &&task) {
  join_ended();
  const std::lock_guard lock(mutex_);
  if (is_stopping_) {
    return false;
  }
  if (free_ > 0) {
    --free_;
    jobs_.push_back(std::move(task));
    wanted_.notify_one();
    return true;
  }
  if (threads_ >= most_threads_) {
    return false;
  }
  jobs_.push_back(std::move(task));
  if (!spawn()) {
    task = std::move(jobs_.back());
    jobs_.pop_back();
    return false;
  }
  ++threads_;
  return true;
}

void thread_queue::stop() {
  {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    wanted_.notify_all();
    // Each job has a deadline of its own, so this ends.
    ended_.wait(lock, [this] { return threads_ == 0; });
  }
  join_ended();
}

std::size_t thread_queue::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

bool thread_queue::spawn() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_t made{};
  const bool is_made =
      pthread_create(&made, &attributes, &thread_queue::enter, this) == 0;
  pthread_attr_destroy(&attributes);
  return is_made;
}

void *thread_queue::enter(void *self) {
  static_cast<thread_queue *>(self)->work();
  return nullptr;
}

void thread_queue::work() {
  job task;
  while (take(task)) {
    task();
    task = nullptr;
    const std::lock_guard lock(mutex_);
    ++free_;
  }
}

bool thread_queue::take(job &task) {
  std::unique_lock lock(mutex_);
  wanted_.wait_for(lock, keep_idle_,
                   [this] { return !jobs_.empty() || is_stopping_; });
  if (!jobs_.empty()) {
    task = std::move(jobs_.front());
    jobs_.pop_front();
    return true;
  }
  --free_;
  --threads_;
  finished_.push_back(pthread_self());
  ended_.notify_all();
  return false;
}

void thread_queue::join_ended() {
  std::vector<pthread_t> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(finished_);
  }
  for (const pthread_t each : ended) {
    pthread_join(each, nullptr);
  }
}

} // namespace sluice::http
