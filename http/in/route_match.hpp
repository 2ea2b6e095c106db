#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/in/exchange.hpp"

namespace sluice::http {

/// Finds routes by path and method. Built once, then read by any thread.
class route_matcher {
public:
  /// Keeps the table. Throws `std::invalid_argument` when two routes have the
  /// same method and pattern, or a pattern is malformed.
  explicit route_matcher(route_table routes);

  struct match {
    /// Absent when the path is unknown or has no such method.
    const route *found = nullptr;
    /// The value of `Allow`; empty when the path is unknown.
    std::string_view allow;
  };

  /// `path` is decoded and has no empty segments. HEAD is found where GET is.
  /// A literal segment goes before a name. Appends to `values` what the names
  /// stood for.
  match find(std::string_view method, std::string_view path,
             std::vector<std::string_view> &values) const;

  const route_table &routes() const { return routes_; }

  route_matcher(const route_matcher &) = delete;
  route_matcher &operator=(const route_matcher &) = delete;

private:
  struct path_entry {
    std::vector<std::string_view> segments;
    std::vector<const route *> routes;
    std::string allow;
  };

  static match pick(const path_entry &entry, std::string_view method);
  path_entry &entry_for(const route &added);

  route_table routes_;
  /// Paths without names; the keys point into `routes_`.
  std::unordered_map<std::string_view, path_entry> literal_;
  /// Paths with names, those with the longest literal beginning first.
  std::vector<path_entry> named_;
};

} // namespace sluice::http
