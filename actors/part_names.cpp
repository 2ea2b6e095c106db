#include "actors/part_names.hpp"

#include <algorithm>

namespace sluice::actors {

const std::vector<std::string_view> &restartable_names() {
  static const std::vector<std::string_view> all{
      "ingest",  "ingest relief",  "poller",  "worker", "dispatcher", "gate",
      "auditor", "config_watcher", "janitor", "health", "reader"};
  return all;
}

std::string_view restart_name_of(std::string_view part) {
  const auto known = [](std::string_view name) {
    const auto &all = restartable_names();
    return std::ranges::find(all, name) != all.end();
  };
  if (known(part))
    return part;
  const auto blank = part.rfind(' ');
  const bool is_numbered =
      blank != std::string_view::npos && blank + 1 < part.size() &&
      part.find_first_not_of("0123456789", blank + 1) == std::string_view::npos;
  const auto stem = part.substr(0, is_numbered ? blank : 0);
  return known(stem) ? stem : std::string_view();
}

} // namespace sluice::actors
