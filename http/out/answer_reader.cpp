#include "http/out/answer_reader.hpp"

#include <algorithm>

#include "db/model/time.hpp"
#include "http/ascii.hpp"
#include "http/in/json_text.hpp"
#include "http/out/retry_after.hpp"

namespace sluice::http {

namespace {

constexpr std::string_view retry_after_name = "retry-after:";

bool begins_with_name(std::string_view line, std::string_view name) {
  return line.size() >= name.size() &&
         std::equal(name.begin(), name.end(), line.begin(),
                    [](char want, char is) { return want == lower(is); });
}

std::string_view without_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
    line.remove_suffix(1);
  return line;
}

} // namespace

bool answer_reader::take_line(std::string_view line) {
  head_bytes_ += line.size();
  ++lines_;
  if (is_head_too_long())
    return false;
  const auto content = without_end(line);
  if (line.starts_with("HTTP/")) {
    // Another answer begins: what interim ones asked for is over.
    retry_after_.reset();
    is_head_whole_ = false;
  } else if (content.empty()) {
    is_head_whole_ = true;
  } else if (!retry_after_ && begins_with_name(content, retry_after_name)) {
    retry_after_ = parse_retry_after(content.substr(retry_after_name.size()),
                                     db::system_now());
  }
  return true;
}

bool answer_reader::take_body(std::string_view bytes) {
  body_bytes_ += bytes.size();
  kept_.append(bytes.substr(0, most_kept - kept_.size()));
  return !is_body_too_long();
}

std::string answer_reader::text() const {
  std::string out;
  out.reserve(kept_.size());
  const char *at = kept_.data();
  const char *end = at + kept_.size();
  while (at < end) {
    const auto length = utf8_length(at, end);
    const std::string_view character(at, std::max<std::size_t>(length, 1));
    const bool is_kept =
        length > 0 && (is_printable(character) || *at == '\n' || *at == '\t');
    if (is_kept)
      out.append(character);
    // A line's end is one character, however it is written.
    else if (*at != '\r')
      out.push_back('?');
    at += character.size();
  }
  return out;
}

} // namespace sluice::http
