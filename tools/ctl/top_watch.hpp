#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <tl/expected.hpp>

#include "tools/ctl/console.hpp"
#include "tools/ctl/frame.hpp"

namespace sluice::tools {

/// All that a frame needs, asked for once.
tl::expected<top_look, line_trouble> look_once(console &on);

/// Looks at a service from a thread of its own, so that keys are heard while
/// an answer is waited for.
class top_watch {
public:
  /// What there is to be shown.
  struct state {
    /// Grows by one with each look.
    int looks = 0;
    /// The newest that was had; null: none yet.
    json document;
    /// Why the last look was in vain; empty: it was not.
    std::string trouble;
    line_trouble why;
  };

  /// `on` belongs to the watch until that has gone.
  top_watch(console &on, std::chrono::milliseconds interval);
  top_watch(const top_watch &) = delete;
  top_watch &operator=(const top_watch &) = delete;
  /// Waits for a look that is under way.
  ~top_watch();

  state newest() const;
  /// Becomes readable with each look.
  int news() const { return news_; }
  /// Looks now, whatever the interval says.
  void hurry();

private:
  void run();
  void keep(tl::expected<top_look, line_trouble> seen);

  console &on_;
  const std::chrono::milliseconds interval_;
  const int news_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool is_ending_ = false;
  bool is_hurried_ = false;
  top_look last_;
  state state_;
  std::thread thread_;
};

} // namespace sluice::tools
