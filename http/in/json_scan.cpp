#include "http/in/json_scan.hpp"

#include <charconv>
#include <utility>

#include "http/in/json_number.hpp"
#include "http/in/json_text.hpp"

namespace sluice::http {

namespace {

bool is_json_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Judges by the first bytes (RFC 4627, section 3): text in UTF-16 or UTF-32
/// has a zero among them, a byte order mark is FE FF, FF FE or EF BB BF.
bool is_foreign_encoding(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF") || text.starts_with("\xFE\xFF") ||
      text.starts_with("\xFF\xFE"))
    return true;
  return text.size() >= 4 && text.size() % 2 == 0 &&
         (text[0] == '\0' || text[1] == '\0');
}

} // namespace

json_scanner::json_scanner(json_limits limits) : limits_(limits) {
  frames_.reserve(limits.depth);
}

json_scanner::scanned json_scanner::scan(std::string_view text) {
  begin(text, false);
  if (is_foreign_encoding(text)) {
    fail(json_errc::encoding, at_);
    return tl::unexpected(fault_);
  }
  bool is_good = value();
  if (is_good) {
    skip_space();
    is_good = at_ == end_ || unexpected();
  }
  if (!is_good)
    return tl::unexpected(fault_);
  return document_;
}

tl::expected<void, json_fault>
json_scanner::scan_array(std::string_view text,
                         const std::function<bool(scanned)> &take) {
  begin(text, true);
  skip_space();
  if (at_ == end_ || *at_ != '[') {
    auto other = scan(text);
    if (!other)
      return tl::unexpected(other.error());
    return tl::unexpected(json_fault{json_errc::not_an_array, 0, {}});
  }
  // In UTF-16 a bracket has a zero before or behind it.
  if (is_foreign_encoding(text))
    fail(json_errc::encoding, at_);
  else if (elements(take))
    return {};
  return tl::unexpected(fault_);
}

/// From the opening bracket to the end of the text.
bool json_scanner::elements(const std::function<bool(scanned)> &take) {
  ++at_;
  skip_space();
  bool is_open = at_ == end_ || *at_ != ']';
  while (is_open) {
    if (!value())
      return false;
    if (!take(is_faulty_ ? scanned(tl::unexpected(fault_)) : document_))
      return true;
    skip_space();
    is_open = at_ != end_ && *at_ == ',';
    if (is_open)
      ++at_;
  }
  if (at_ == end_ || *at_ != ']')
    return unexpected();
  ++at_;
  skip_space();
  return at_ == end_ || unexpected();
}

void json_scanner::begin(std::string_view text, bool goes_on) {
  begin_ = text.data();
  at_ = begin_;
  end_ = begin_ + text.size();
  goes_on_ = goes_on;
  fault_ = {};
}

/// One value, with white space before it.
bool json_scanner::value() {
  is_faulty_ = false;
  just_opened_ = false;
  count_ = 0;
  objects_ = 0;
  document_ = {};
  frames_.clear();
  members_.clear();
  names_.clear();
  skip_space();
  if (!begin_value())
    return false;
  while (!frames_.empty())
    if (!step())
      return false;
  document_.members = members_;
  return true;
}

/// What comes next in the innermost object or array.
bool json_scanner::step() {
  skip_space();
  if (at_ == end_)
    return unexpected();
  const char closer = frames_.back().closer;
  if (*at_ == closer) {
    close();
    return true;
  }
  if (!just_opened_) {
    if (*at_ != ',')
      return unexpected();
    ++at_;
    skip_space();
  }
  just_opened_ = false;
  if (++count_ > limits_.members && !mind(json_errc::too_many_members, at_))
    return false;
  return (closer == ']' || name()) && begin_value();
}

bool json_scanner::begin_value() {
  if (at_ == end_)
    return unexpected();
  const char *const from = at_;
  switch (*at_) {
  case '{':
    return open('}');
  case '[':
    return open(']');
  case '"': {
    std::string_view inside;
    bool has_escapes = false;
    return scalar(json_kind::string, from, string(inside, has_escapes));
  }
  case 't':
    return scalar(json_kind::boolean, from, literal("true"));
  case 'f':
    return scalar(json_kind::boolean, from, literal("false"));
  case 'n':
    return scalar(json_kind::null, from, literal("null"));
  default:
    return scalar(json_kind::number, from, number());
  }
}

bool json_scanner::open(char closer) {
  if (frames_.size() >= limits_.depth) {
    if (!mind(json_errc::too_deep, at_))
      return false;
    // The frames of an element that is only passed over take memory too.
    constexpr std::size_t passable = 64;
    if (frames_.size() >= limits_.depth * passable)
      return fail(json_errc::too_deep, at_);
  }
  frames_.push_back({closer, ++objects_, at_});
  just_opened_ = true;
  ++at_;
  return true;
}

void json_scanner::close() {
  const frame closed = frames_.back();
  frames_.pop_back();
  just_opened_ = false;
  ++at_;
  settle(closed.closer == '}' ? json_kind::object : json_kind::array,
         closed.begin);
}

bool json_scanner::scalar(json_kind kind, const char *from, bool is_good) {
  if (is_good)
    settle(kind, from);
  return is_good;
}

/// Notes a value that ends here, where it is one that is reported.
void json_scanner::settle(json_kind kind, const char *from) {
  const std::string_view text(from, static_cast<std::size_t>(at_ - from));
  if (frames_.empty()) {
    document_.kind = kind;
    document_.text = text;
  } else if (frames_.size() == 1 && frames_.front().closer == '}' &&
             !is_faulty_) {
    members_.back().kind = kind;
    members_.back().text = text;
  }
}

/// A member's name and the colon behind it.
bool json_scanner::name() {
  if (at_ == end_ || *at_ != '"')
    return unexpected();
  const char *const from = at_;
  std::string_view inside;
  bool has_escapes = false;
  if (!string(inside, has_escapes))
    return false;
  if (!is_faulty_) {
    if (frames_.size() == 1)
      members_.push_back({inside, has_escapes, json_kind::null, {}});
    if (!names_.insert(frames_.back().object, inside, has_escapes) &&
        !mind(json_errc::duplicate_member, from, json_unescape(inside)))
      return false;
  }
  skip_space();
  if (at_ == end_ || *at_ != ':')
    return unexpected();
  ++at_;
  skip_space();
  return true;
}

/// From the opening quote to behind the closing one.
bool json_scanner::string(std::string_view &inside, bool &has_escapes) {
  const char *const from = ++at_;
  for (;;) {
    at_ = skip_plain_text(at_, end_);
    if (at_ == end_)
      return unexpected();
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte == '"')
      break;
    if (byte == '\\') {
      has_escapes = true;
      if (!escape())
        return false;
    } else if (byte < 0x20) {
      return unexpected();
    } else {
      const std::size_t length = utf8_length(at_, end_);
      if (length == 0)
        return fail(json_errc::encoding, at_);
      at_ += length;
    }
  }
  inside = {from, static_cast<std::size_t>(at_ - from)};
  ++at_;
  return true;
}

bool json_scanner::escape() {
  if (end_ - at_ < 2)
    return fail(json_errc::syntax, end_);
  switch (at_[1]) {
  case '"':
  case '\\':
  case '/':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't':
    at_ += 2;
    return true;
  case 'u':
    return unicode_escape();
  default:
    return fail(json_errc::syntax, at_);
  }
}

bool json_scanner::unicode_escape() {
  const char *const from = at_;
  unsigned unit = 0;
  if (!hex_unit(unit))
    return fail(json_errc::syntax, from);
  if (unit == 0)
    return mind(json_errc::nul_character, from);
  if (unit < 0xD800 || unit > 0xDFFF)
    return true;
  // A high surrogate, and the low one right behind it, or nothing.
  unsigned low = 0;
  if (unit > 0xDBFF || !hex_unit(low) || low < 0xDC00 || low > 0xDFFF)
    return fail(json_errc::syntax, from);
  return true;
}

/// `\uXXXX`.
bool json_scanner::hex_unit(unsigned &unit) {
  if (end_ - at_ < 6 || at_[0] != '\\' || at_[1] != 'u')
    return false;
  const char *const from = at_ + 2;
  // from_chars takes no sign for unsigned numbers and no prefix.
  const auto [stop, code] = std::from_chars(from, from + 4, unit, 16);
  at_ += 6;
  return code == std::errc{} && stop == from + 4;
}

bool json_scanner::number() {
  const char *const from = at_;
  if (*at_ == '-')
    ++at_;
  if (at_ != end_ && *at_ == '0')
    ++at_;
  else if (!digits())
    return false;
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits())
      return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-'))
      ++at_;
    if (!digits())
      return false;
  }
  const std::string_view text(from, static_cast<std::size_t>(at_ - from));
  return !is_beyond_double(text) || mind(json_errc::number_out_of_range, from);
}

/// One digit or more.
bool json_scanner::digits() {
  const char *const from = at_;
  while (at_ != end_ && is_json_digit(*at_))
    ++at_;
  return at_ != from || unexpected();
}

bool json_scanner::literal(std::string_view word) {
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (!std::string_view(at_, left).starts_with(word))
    return unexpected();
  at_ += word.size();
  return true;
}

void json_scanner::skip_space() {
  while (at_ != end_ &&
         (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
    ++at_;
}

/// The byte here can't stand here.
bool json_scanner::unexpected() {
  const bool is_encoded = at_ == end_ || utf8_length(at_, end_) > 0;
  return fail(is_encoded ? json_errc::syntax : json_errc::encoding, at_);
}

bool json_scanner::fail(json_errc code, const char *where) {
  fault_ = {code, static_cast<std::size_t>(where - begin_), {}};
  return false;
}

/// Notes a fault that leaves the text JSON, the first of a value only;
/// returns whether the scan goes on.
bool json_scanner::mind(json_errc code, const char *where, std::string name) {
  if (!is_faulty_)
    fault_ = {code, static_cast<std::size_t>(where - begin_), std::move(name)};
  is_faulty_ = true;
  return goes_on_;
}

} // namespace sluice::http
