#include "http/in/route_match.hpp"

#include <algorithm>
#include <stdexcept>

namespace sluice::http {

namespace {

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool is_name(std::string_view segment) {
  return segment.starts_with('{');
}

bool is_matching(const std::vector<std::string_view> &pattern,
                 std::string_view path) {
  for (const auto segment : pattern) {
    if (path.empty()) {
      return false;
    }
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    if (end == 0 || (!is_name(segment) && segment != path.substr(0, end))) {
      return false;
    }
    path.remove_prefix(end);
  }
  return path.empty();
}

void collect_values(const std::vector<std::string_view> &pattern,
                    std::string_view path,
                    std::vector<std::string_view> &values) {
  for (const auto segment : pattern) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    if (is_name(segment)) {
      values.push_back(path.substr(0, end));
    }
    path.remove_prefix(end);
  }
}

/// Sorts a literal segment before a name at the first place where they differ.
bool is_more_literal(const std::vector<std::string_view> &left,
                     const std::vector<std::string_view> &right) {
  return std::ranges::lexicographical_compare(left, right, {}, is_name,
                                              is_name);
}

std::string allow_of(const std::vector<const route *> &routes) {
  std::string out;
  for (const route *each : routes) {
    out.append(each->method).append(", ");
    if (each->method == "GET") {
      out.append("HEAD, ");
    }
  }
  return out.append("OPTIONS");
}

} // namespace

route_matcher::route_matcher(route_table routes) : routes_(std::move(routes)) {
  for (const route &each : routes_) {
    if (!each.pattern.starts_with('/')) {
      throw std::invalid_argument("route without a slash: " + each.pattern);
    }
    auto &entry = entry_for(each);
    if (std::ranges::any_of(entry.routes, [&](const route *other) {
          return other->method == each.method;
        })) {
      throw std::invalid_argument("route declared twice: " + each.method + " " +
                                  each.pattern);
    }
    entry.routes.push_back(&each);
    entry.allow = allow_of(entry.routes);
  }
  std::ranges::stable_sort(named_, is_more_literal, &path_entry::segments);
}

route_matcher::path_entry &route_matcher::entry_for(const route &added) {
  if (added.pattern.find('{') == std::string::npos) {
    return literal_[added.pattern];
  }
  auto segments = split_path(added.pattern);
  const auto known = std::ranges::find_if(named_, [&](const path_entry &each) {
    return std::ranges::equal(each.segments, segments, [](auto a, auto b) {
      return is_name(a) ? is_name(b) : a == b;
    });
  });
  if (known != named_.end()) {
    return *known;
  }
  named_.push_back({std::move(segments), {}, {}});
  return named_.back();
}

route_matcher::match
route_matcher::find(std::string_view method, std::string_view path,
                    std::vector<std::string_view> &values) const {
  if (const auto it = literal_.find(path); it != literal_.end()) {
    return pick(it->second, method);
  }
  for (const auto &entry : named_) {
    if (is_matching(entry.segments, path)) {
      collect_values(entry.segments, path, values);
      return pick(entry, method);
    }
  }
  return {};
}

route_matcher::match route_matcher::pick(const path_entry &entry,
                                         std::string_view method) {
  const auto wanted = method == "HEAD" ? std::string_view{"GET"} : method;
  for (const route *each : entry.routes) {
    if (each->method == wanted) {
      return {each, entry.allow};
    }
  }
  return {nullptr, entry.allow};
}

} // namespace sluice::http
