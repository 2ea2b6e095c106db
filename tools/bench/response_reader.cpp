#include "tools/bench/response_reader.hpp"

#include <algorithm>
#include <charconv>

#include <strings.h>

namespace sluice::tools {

namespace {

constexpr std::size_t max_head = 16 * 1024;

bool is_named(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         strncasecmp(line.data(), name.data(), name.size()) == 0;
}

std::string_view value_of(std::string_view line) {
  line.remove_prefix(line.find(':') + 1);
  auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return {};
  return line.substr(begin, line.find_last_not_of(" \t") - begin + 1);
}

template <class Number>
bool parse(std::string_view text, Number &number) {
  const auto *end = text.data() + text.size();
  auto [stop, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc() && stop == end;
}

} // namespace

response_reader::progress response_reader::feed(std::string_view piece) {
  if (in_body_)
    return pass_body(piece.size());
  auto whole = piece;
  if (!pending_.empty()) {
    pending_.append(piece);
    whole = pending_;
  }
  auto end = whole.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (pending_.empty())
      pending_.assign(piece);
    return pending_.size() > max_head ? progress::broken : progress::incomplete;
  }
  if (!read_head(whole.substr(0, end)))
    return progress::broken;
  in_body_ = true;
  return pass_body(whole.size() - end - 4);
}

void response_reader::reset() {
  pending_.clear();
  body_left_ = 0;
  status_ = 0;
  in_body_ = false;
  keeps_connection_ = true;
}

response_reader::progress response_reader::pass_body(std::size_t size) {
  if (size > body_left_)
    return progress::broken;
  body_left_ -= size;
  return body_left_ == 0 ? progress::complete : progress::incomplete;
}

bool response_reader::read_head(std::string_view head) {
  if (head.size() < 12 || !head.starts_with("HTTP/1.1 ") ||
      !parse(head.substr(9, 3), status_))
    return false;
  bool has_length = status_ == 204 || status_ == 304;
  auto at = head.find("\r\n");
  while (at != std::string_view::npos) {
    head.remove_prefix(at + 2);
    at = head.find("\r\n");
    auto line = head.substr(0, at);
    if (is_named(line, "content-length"))
      has_length = parse(value_of(line), body_left_);
    else if (is_named(line, "connection"))
      keeps_connection_ = value_of(line) != "close";
  }
  return has_length;
}

} // namespace sluice::tools
