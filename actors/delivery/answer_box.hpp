#pragma once

#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "actors/webhook_port.hpp"

namespace sluice::actors {

/// Where answers wait for the dispatcher, which takes all at once: the more it
/// is behind, the more it writes down in one transaction. Thread-safe.
class answer_box {
public:
  /// True when the box was empty: its owner has to be told.
  bool put(std::vector<webhook_answer> answers) {
    std::lock_guard lock(mutex_);
    bool was_empty = answers_.empty();
    answers_.insert(answers_.end(), std::make_move_iterator(answers.begin()),
                    std::make_move_iterator(answers.end()));
    return was_empty && !answers_.empty();
  }

  std::vector<webhook_answer> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(answers_, {});
  }

private:
  std::mutex mutex_;
  std::vector<webhook_answer> answers_;
};

} // namespace sluice::actors
