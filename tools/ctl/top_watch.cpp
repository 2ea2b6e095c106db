#include "tools/ctl/top_watch.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "tools/ctl/json_words.hpp"

namespace sluice::tools {

namespace {

// An answer that takes longer is trouble worth showing.
constexpr std::chrono::milliseconds longest_look{5'000};

} // namespace

tl::expected<top_look, line_trouble> look_once(console &on) {
  top_look out;
  const std::pair<const char *, json *> questions[] = {
      {"/health/ready", &out.health},
      {"/admin/v1/gate", &out.gate},
      {"/admin/v1/actors", &out.actors},
      {"/admin/v1/nodes", &out.nodes},
      {"/admin/v1/counts", &out.counts}};
  for (const auto &[path, answer] : questions) {
    auto seen = on.look(path, longest_look);
    if (!seen)
      return tl::unexpected(seen.error());
    // Unready is an answer; what the database has to tell may be missing.
    const bool is_health = answer == &out.health;
    if (is_health && !seen->body.is_object())
      return tl::unexpected(
          line_trouble{ctl_exit::refused, "the answer makes no sense"});
    if (is_health || exit_of_status(seen->status) == ctl_exit::done)
      *answer = std::move(seen->body);
  }
  return out;
}

top_watch::top_watch(console &on, std::chrono::milliseconds interval)
    : on_(on), interval_(interval),
      news_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

top_watch::~top_watch() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
  ::close(news_);
}

top_watch::state top_watch::newest() const {
  std::lock_guard lock(mutex_);
  return state_;
}

void top_watch::hurry() {
  {
    std::lock_guard lock(mutex_);
    is_hurried_ = true;
  }
  wake_.notify_all();
}

void top_watch::run() {
  for (;;) {
    keep(look_once(on_));
    ::eventfd_write(news_, 1);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, interval_, [&] { return is_ending_ || is_hurried_; });
    if (is_ending_)
      return;
    is_hurried_ = false;
  }
}

void top_watch::keep(tl::expected<top_look, line_trouble> seen) {
  std::lock_guard lock(mutex_);
  ++state_.looks;
  if (!seen) {
    state_.why = seen.error();
    state_.trouble =
        seen.error().text.empty() ? "no answer in time" : seen.error().text;
    return;
  }
  state_.trouble.clear();
  state_.document = document_of(*seen, rates_between(last_, *seen));
  last_ = std::move(*seen);
}

} // namespace sluice::tools
