#include "http/in/framing_target.hpp"

#include <algorithm>

#include "http/ascii.hpp"

namespace sluice::http {

namespace {

bool unescape(std::string_view raw, bool plus_is_space, std::string &out) {
  out.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      out.push_back(plus_is_space && raw[i] == '+' ? ' ' : raw[i]);
      continue;
    }
    const int high = i + 2 < raw.size() ? hex_value(raw[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(raw[i + 2]) : -1;
    if (low < 0) {
      return false;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return true;
}

bool has_encoded_slash(std::string_view raw) {
  for (auto at = raw.find('%'); at != std::string_view::npos;
       at = raw.find('%', at + 1)) {
    if (is_same_word(raw.substr(at, 3), "%2f")) {
      return true;
    }
  }
  return false;
}

bool is_plain_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != "..";
}

bool has_plain_segments(std::string_view path) {
  if (path == "/") {
    return true;
  }
  for (std::size_t start = 1; start <= path.size();) {
    const auto slash = std::min(path.find('/', start), path.size());
    if (!is_plain_segment(path.substr(start, slash - start))) {
      return false;
    }
    start = slash + 1;
  }
  return true;
}

} // namespace

std::optional<target_parts> split_target(std::string_view target) {
  if (const auto colon = target.find("://");
      !target.starts_with('/') && colon != std::string_view::npos) {
    const auto scheme = target.substr(0, colon);
    const auto start = target.find_first_of("/?", colon + 3);
    if ((!is_same_word(scheme, "http") && !is_same_word(scheme, "https")) ||
        start == colon + 3) {
      return std::nullopt;
    }
    target = start == std::string_view::npos ? "/" : target.substr(start);
  }
  if (!target.starts_with('/')) {
    return std::nullopt;
  }
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) {
    return target_parts{target, {}};
  }
  return target_parts{target.substr(0, mark), target.substr(mark + 1)};
}

std::optional<std::string_view> decode_path(std::string_view raw,
                                            std::string &storage) {
  std::string_view path = raw;
  if (raw.find('%') != std::string_view::npos) {
    if (has_encoded_slash(raw) || !unescape(raw, false, storage)) {
      return std::nullopt;
    }
    path = storage;
    if (!std::ranges::all_of(path, is_value_char)) {
      return std::nullopt;
    }
  }
  return has_plain_segments(path) ? std::optional(path) : std::nullopt;
}

bool parse_query(std::string_view raw,
                 std::vector<std::pair<std::string, std::string>> &out) {
  while (!raw.empty()) {
    const auto end = std::min(raw.find('&'), raw.size());
    const auto pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) {
      continue;
    }
    const auto equals = std::min(pair.find('='), pair.size());
    auto &[name, value] = out.emplace_back();
    if (!unescape(pair.substr(0, equals), true, name) ||
        !unescape(pair.substr(std::min(equals + 1, pair.size())), true,
                  value)) {
      return false;
    }
  }
  return true;
}

} // namespace sluice::http
