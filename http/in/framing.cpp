#include "http/in/framing.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "http/ascii.hpp"

namespace sluice::http {

namespace {

constexpr std::array<std::string_view, 7> known_methods{
    "GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"};

problem line_too_long(bool is_request_line) {
  if (is_request_line) {
    return refusal(414, "uri-too-long", "URI too long",
                   "The request line is longer than 8192 bytes.");
  }
  return refusal(431, "header-too-large", "Header too large",
                 "A header line is longer than 8192 bytes.");
}

bool is_reg_name(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (token_char(c) != 0 || c == ':' || c == '[' || c == ']' ||
            c == '(' || c == ')' || c == ';' || c == '=') &&
           c != '#' && c != '^' && c != '`' && c != '|';
  });
}

/// What the fields said of themselves, to be judged when all are there.
struct field_tally {
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
  bool is_host_valid = true;
  bool is_length_valid = true;
  bool is_coding_chunked = true;
  bool is_expectation_known = true;
};

void note_connection(std::string_view value, request_head &head,
                     bool &asks_keep, bool &asks_close) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    const auto word = trimmed(value.substr(0, comma));
    asks_close = asks_close || is_same_word(word, "close");
    asks_keep = asks_keep || is_same_word(word, "keep-alive");
    value = comma == std::string_view::npos ? std::string_view{}
                                            : value.substr(comma + 1);
  }
  head.keeps_alive = !asks_close && (!head.is_http_1_0 || asks_keep);
}

void note_length(std::string_view value, request_head &head,
                 field_tally &tally) {
  ++tally.lengths;
  // 18 digits fit into 64 bits, and nobody means more than that.
  if (value.empty() || value.size() > 18 ||
      !std::ranges::all_of(value, is_digit)) {
    tally.is_length_valid = false;
    return;
  }
  std::uint64_t length = 0;
  for (const char c : value) {
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  head.content_length = length;
}

class header_reader {
public:
  explicit header_reader(request_head &head) : head_(head) {}

  /// Takes the line `[begin, end)`; false when it is no field.
  bool take(char *begin, char *end) {
    char *p = begin;
    for (; p != end && token_char(*p) != 0; ++p) {
      *p = token_char(*p);
    }
    if (p == begin || p == end || *p != ':') {
      return false;
    }
    const std::string_view name(begin, p);
    const auto value = trimmed(std::string_view(p + 1, end));
    if (!std::ranges::all_of(value, is_value_char)) {
      return false;
    }
    head_.headers.emplace_back(name, value);
    note(name, value);
    return true;
  }

  std::optional<problem> judge() const {
    if (tally_.hosts > 1 || (tally_.hosts == 0 && !head_.is_http_1_0)) {
      return bad_request("Exactly one Host header is needed.");
    }
    if (!tally_.is_host_valid) {
      return bad_request("The Host header is not a host name or address.");
    }
    if (tally_.lengths > 1 || !tally_.is_length_valid) {
      return bad_framing("Content-Length must be one number, given once.");
    }
    if (tally_.encodings > 0 && tally_.lengths > 0) {
      return bad_framing(
          "Content-Length and Transfer-Encoding exclude each other.");
    }
    if (tally_.encodings > 1 || !tally_.is_coding_chunked) {
      return bad_framing("Transfer-Encoding must be `chunked`, given once.");
    }
    if (tally_.encodings > 0 && head_.is_http_1_0) {
      return bad_framing("HTTP/1.0 has no Transfer-Encoding.");
    }
    if (!tally_.is_expectation_known) {
      return refusal(417, "expectation-failed", "Expectation failed",
                     "The only expectation that is met is `100-continue`.");
    }
    return std::nullopt;
  }

private:
  void note(std::string_view name, std::string_view value) {
    switch (name.size()) {
    case 4:
      note_host(name, value);
      break;
    case 6:
      note_expect(name, value);
      break;
    case 10:
      if (name == "connection") {
        note_connection(value, head_, asks_keep_, asks_close_);
      }
      break;
    case 12:
      head_.is_multipart = head_.is_multipart ||
                           (name == "content-type" &&
                            is_same_word(value.substr(0, 10), "multipart/"));
      break;
    case 14:
      if (name == "content-length") {
        note_length(value, head_, tally_);
      }
      break;
    case 16:
      head_.is_encoded = head_.is_encoded || (name == "content-encoding" &&
                                              !is_same_word(value, "identity"));
      break;
    case 17:
      note_coding(name, value);
      break;
    default:
      break;
    }
  }

  void note_host(std::string_view name, std::string_view value) {
    if (name == "host") {
      ++tally_.hosts;
      tally_.is_host_valid = tally_.is_host_valid && is_reg_name(value);
    }
  }

  void note_expect(std::string_view name, std::string_view value) {
    // RFC 9110, 10.1.1: in HTTP/1.0 the expectation is to be ignored.
    if (name == "expect" && !head_.is_http_1_0) {
      const bool is_known = is_same_word(value, "100-continue");
      head_.expects_continue = is_known;
      tally_.is_expectation_known = tally_.is_expectation_known && is_known;
    }
  }

  void note_coding(std::string_view name, std::string_view value) {
    if (name == "transfer-encoding") {
      ++tally_.encodings;
      tally_.is_coding_chunked =
          tally_.is_coding_chunked && is_same_word(value, "chunked");
      head_.is_chunked = true;
    }
  }

  request_head &head_;
  field_tally tally_;
  bool asks_keep_ = false;
  bool asks_close_ = false;
};

bool is_sound_target(std::string_view target) {
  return !target.empty() && std::ranges::all_of(target, [](char c) {
    return c > 0x20 && c < 0x7f && c != '#';
  });
}

std::optional<problem> parse_version(std::string_view version,
                                     request_head &out) {
  if (version.size() != 8 || !version.starts_with("HTTP/") ||
      !is_digit(version[5]) || version[6] != '.' || !is_digit(version[7])) {
    return bad_request("The request line is not `METHOD target HTTP/1.1`.");
  }
  if (version[5] != '1' || version[7] > '1') {
    return refusal(505, "http-version-not-supported",
                   "HTTP version not supported",
                   "Speak HTTP/1.1, or HTTP/1.0.");
  }
  out.is_http_1_0 = version[7] == '0';
  out.keeps_alive = !out.is_http_1_0;
  return std::nullopt;
}

std::optional<problem> parse_request_line(std::string_view line,
                                          request_head &out) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return bad_request("The request line is not `METHOD target HTTP/1.1`.");
  }
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  if (!std::ranges::all_of(method, [](char c) { return token_char(c) != 0; }) ||
      !is_sound_target(target)) {
    return bad_request("The request line is not `METHOD target HTTP/1.1`.");
  }
  if (std::ranges::find(known_methods, method) == known_methods.end()) {
    return refusal(501, "method-not-allowed", "Method not allowed",
                   "No resource here knows this method.");
  }
  out.method = method;
  out.target = target;
  return parse_version(line.substr(last + 1), out);
}

} // namespace

problem refusal(int status, std::string_view slug, std::string_view title,
                std::string_view detail) {
  problem out;
  out.status = status;
  out.slug = slug;
  out.title = title;
  out.detail = detail;
  out.closes = true;
  return out;
}

problem bad_request(std::string_view detail) {
  return refusal(400, "bad-request", "Bad request", detail);
}

problem bad_framing(std::string_view detail) {
  return refusal(400, "bad-framing", "Bad framing", detail);
}

std::optional<problem> head_scanner::scan(std::string_view seen) {
  if (scanned_ == 0 && !seen.empty() && token_char(seen.front()) == 0) {
    return bad_request("This is no HTTP request.");
  }
  while (!is_complete()) {
    const auto line_feed = seen.find('\n', scanned_);
    if (line_feed == std::string_view::npos) {
      break;
    }
    if (auto fault = end_line(seen, line_feed)) {
      return fault;
    }
  }
  if (is_complete()) {
    return std::nullopt;
  }
  scanned_ = seen.size();
  // One byte more: the CR of a line that is just as long as it may be.
  if (seen.size() - line_start_ > head_limits::line_bytes + 1) {
    return line_too_long(lines_ == 0);
  }
  if (seen.size() > head_limits::bytes) {
    return refusal(431, "header-too-large", "Header too large",
                   "The headers are larger than 32768 bytes in all.");
  }
  return std::nullopt;
}

std::optional<problem> head_scanner::end_line(std::string_view seen,
                                              std::size_t line_feed) {
  if (line_feed == line_start_ || seen[line_feed - 1] != '\r') {
    return bad_request("Lines of a head end in CR LF.");
  }
  const std::size_t length = line_feed - 1 - line_start_;
  const std::size_t end = line_feed + 1;
  if (length > head_limits::line_bytes) {
    return line_too_long(lines_ == 0);
  }
  if (end > head_limits::bytes) {
    return refusal(431, "header-too-large", "Header too large",
                   "The headers are larger than 32768 bytes in all.");
  }
  if (length == 0) {
    size_ = end;
    return std::nullopt;
  }
  // The request line is the one line that is no field.
  if (++lines_ > head_limits::fields + 1) {
    return refusal(431, "too-many-headers", "Too many headers",
                   "A request may have 64 headers.");
  }
  line_start_ = end;
  scanned_ = end;
  return std::nullopt;
}

void request_head::clear() {
  auto kept = std::move(headers);
  kept.clear();
  *this = request_head{};
  headers = std::move(kept);
}

std::optional<problem> parse_head(std::span<char> bytes, request_head &out) {
  out.clear();
  char *const end = bytes.data() + bytes.size() - 2;
  char *line = bytes.data();
  char *line_feed = std::find(line, end, '\n');
  if (auto fault =
          parse_request_line(std::string_view(line, line_feed - 1), out)) {
    return fault;
  }
  header_reader fields(out);
  for (line = line_feed + 1; line < end; line = line_feed + 1) {
    line_feed = std::find(line, end, '\n');
    if (!fields.take(line, line_feed - 1)) {
      return bad_request("A header is not `Name: value` on one line.");
    }
  }
  return fields.judge();
}

} // namespace sluice::http
