#include "actors/control/tree_board.hpp"

#include <algorithm>

namespace sluice::actors {

part_view &tree_board::entry(std::string_view name) {
  auto found = std::ranges::find(parts_, name, &part_view::name);
  if (found != parts_.end())
    return *found;
  parts_.push_back({.name = std::string(name)});
  return parts_.back();
}

void tree_board::started(std::string_view name) {
  std::lock_guard lock(mutex_);
  auto &one = entry(name);
  one.is_running = true;
  one.since = db::system_now();
}

void tree_board::ended(std::string_view name, std::string_view why) {
  std::lock_guard lock(mutex_);
  auto &one = entry(name);
  one.is_running = false;
  one.last_error = why;
  ++one.restarts;
  one.since = db::system_now();
}

void tree_board::removed(std::string_view name) {
  std::lock_guard lock(mutex_);
  std::erase_if(parts_, [&](auto &one) { return one.name == name; });
}

std::vector<part_view> tree_board::get() const {
  std::lock_guard lock(mutex_);
  return parts_;
}

} // namespace sluice::actors
