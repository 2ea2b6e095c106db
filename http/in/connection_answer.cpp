#include "http/in/connection_answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/ascii.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t kept_bytes = 65'536;

std::string_view reason_of(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 201:
    return "Created";
  case 202:
    return "Accepted";
  case 204:
    return "No Content";
  case 207:
    return "Multi-Status";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 409:
    return "Conflict";
  case 410:
    return "Gone";
  case 411:
    return "Length Required";
  case 413:
    return "Content Too Large";
  case 414:
    return "URI Too Long";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 422:
    return "Unprocessable Content";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 503:
    return "Service Unavailable";
  case 505:
    return "HTTP Version Not Supported";
  default:
    // RFC 9112, 4: a client ignores the reason; it may be empty.
    return "";
  }
}

struct decimal {
  explicit decimal(std::size_t value) {
    size = static_cast<std::size_t>(
        std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr -
        digits.data());
  }
  std::string_view text() const { return {digits.data(), size}; }

  std::array<char, 20> digits{};
  std::size_t size = 0;
};

} // namespace

std::string_view answer_writer::compose(const response &what,
                                        const manner &how) {
  const bool is_bodiless = what.status == 204 || what.status == 304;
  bytes_.clear();
  bytes_.append("HTTP/1.1 ");
  bytes_.append(decimal(static_cast<std::size_t>(what.status)).text());
  bytes_.append(" ").append(reason_of(what.status)).append("\r\n");
  if (!is_bodiless) {
    add("Content-Type", what.content_type);
    if (!how.is_open_ended) {
      add("Content-Length", decimal(what.body.size()).text());
    }
  }
  add("X-Request-Id", how.request_id);
  add("Date", date());
  if (how.closes) {
    add("Connection", "close");
  } else if (how.says_keep_alive) {
    add("Connection", "keep-alive");
  }
  for (const auto &[name, value] : what.headers) {
    add(name, value);
  }
  bytes_.append("\r\n");
  if (!is_bodiless && !how.omits_body) {
    bytes_.append(what.body);
  }
  return bytes_;
}

void answer_writer::shrink() {
  if (bytes_.capacity() > kept_bytes) {
    std::string().swap(bytes_);
  }
}

void answer_writer::add(std::string_view name, std::string_view value) {
  if (std::ranges::all_of(value, is_value_char) &&
      std::ranges::all_of(name, [](char c) { return token_char(c) != 0; })) {
    bytes_.append(name).append(": ").append(value).append("\r\n");
  }
}

std::string_view answer_writer::date() {
  const std::time_t now = std::time(nullptr);
  if (now != dated_at_) {
    dated_at_ = now;
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 40> text{};
    date_.assign(text.data(), std::strftime(text.data(), text.size(),
                                            "%a, %d %b %Y %H:%M:%S GMT", &utc));
  }
  return date_;
}

} // namespace sluice::http
