#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "actors/gateway.hpp"

namespace sluice::actors {

/// How the parts of the service are, for operators. Kept by those who start
/// them, read by anybody. Thread-safe.
class tree_board {
public:
  void started(std::string_view name);
  /// It crashed, or was given up; `why` in one line.
  void ended(std::string_view name, std::string_view why);
  /// It is not wanted any more.
  void removed(std::string_view name);

  /// In the order in which they were started first.
  std::vector<part_view> get() const;

private:
  part_view &entry(std::string_view name);

  mutable std::mutex mutex_;
  std::vector<part_view> parts_;
};

} // namespace sluice::actors
