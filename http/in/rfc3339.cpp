#include "http/in/rfc3339.hpp"

#include <chrono>

namespace sluice::http {

namespace {

/// Takes a text apart from its beginning; once something was not there,
/// nothing is good any more.
class time_text {
public:
  explicit time_text(std::string_view text) : rest_(text) {}

  /// Exactly so many digits.
  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value = value * 10 + digit();
    return value;
  }

  void expect(char wanted) { is_good_ = take(wanted) && is_good_; }

  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool begins_with_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }

  void refuse() { is_good_ = false; }

  bool is_good() const { return is_good_; }
  bool is_at_end() const { return rest_.empty(); }

private:
  int digit() {
    if (!begins_with_digit()) {
      is_good_ = false;
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

std::chrono::microseconds read_fraction(time_text &text) {
  constexpr int kept = 6;
  constexpr int most = 9;
  std::int64_t value = 0;
  int count = 0;
  for (; text.begins_with_digit() && count < most; ++count) {
    const int digit = text.digits(1);
    if (count < kept)
      value = value * 10 + digit;
  }
  if (count == 0)
    text.refuse();
  for (; count < kept; ++count)
    value *= 10;
  return std::chrono::microseconds(value);
}

std::chrono::minutes read_offset(time_text &text) {
  if (text.take('Z'))
    return {};
  const bool is_west = text.take('-');
  if (!is_west)
    text.expect('+');
  const int hours = text.digits(2);
  text.expect(':');
  const int minutes = text.digits(2);
  if (hours > 23 || minutes > 59)
    text.refuse();
  const std::chrono::minutes offset(hours * 60 + minutes);
  return is_west ? -offset : offset;
}

} // namespace

std::optional<db::timestamp> parse_rfc3339(std::string_view text) {
  time_text from(text);
  const std::chrono::year year(from.digits(4));
  from.expect('-');
  const std::chrono::month month(static_cast<unsigned>(from.digits(2)));
  from.expect('-');
  const std::chrono::day day(static_cast<unsigned>(from.digits(2)));
  from.expect('T');
  const int hours = from.digits(2);
  from.expect(':');
  const int minutes = from.digits(2);
  from.expect(':');
  const int seconds = from.digits(2);
  const auto fraction =
      from.take('.') ? read_fraction(from) : std::chrono::microseconds(0);
  const auto offset = read_offset(from);
  const std::chrono::year_month_day date(year, month, day);
  if (!from.is_good() || !from.is_at_end() || !date.ok() || hours > 23 ||
      minutes > 59 || seconds > 59)
    return std::nullopt;
  const db::timestamp out = std::chrono::sys_days(date) +
                            std::chrono::hours(hours) +
                            std::chrono::minutes(minutes) +
                            std::chrono::seconds(seconds) + fraction - offset;
  constexpr std::chrono::sys_days first{std::chrono::year(1970) / 1 / 1};
  constexpr std::chrono::sys_days behind{std::chrono::year(10000) / 1 / 1};
  if (out < first || out >= behind)
    return std::nullopt;
  return out;
}

} // namespace sluice::http
