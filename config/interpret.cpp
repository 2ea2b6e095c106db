#include "config/interpret.hpp"

#include <algorithm>

#include "config/fault.hpp"
#include "config/text_checks.hpp"
#include "config/units.hpp"

namespace sluice::config {

namespace {

tl::unexpected<std::string> refuse(std::string why) {
  return tl::unexpected<std::string>(std::move(why));
}

interpreted in_range(const description &setting, std::int64_t number) {
  auto text = [&](std::int64_t some) { return to_text(setting, value(some)); };
  if (number < setting.least || number > setting.greatest)
    return refuse("has to be from " + text(setting.least) + " to " +
                  text(setting.greatest) + ", not " + text(number));
  if (number % setting.step != 0)
    return refuse("has to be a multiple of " + text(setting.step) + ", not " +
                  text(number));
  return value(number);
}

interpreted number_from(const description &setting,
                        const parsed_number &number) {
  if (!number)
    return refuse(number.error());
  return in_range(setting, *number);
}

interpreted one_of(const description &setting, std::string_view text) {
  const auto &choices = setting.choices;
  if (std::ranges::find(choices, text) != choices.end())
    return value(std::string(text));
  std::string all;
  for (auto choice : choices) {
    if (!all.empty())
      all += choice == choices.back() ? " or " : ", ";
    all += choice;
  }
  return refuse("has to be " + all + ", not \"" + one_line(text, 60) + '"');
}

interpreted checked_text(std::string_view text, std::string complaint) {
  if (!complaint.empty())
    return refuse(std::move(complaint));
  return value(std::string(text));
}

std::string_view wanted(value_type type) {
  switch (type) {
  case value_type::integer:
    return "a whole number";
  case value_type::duration:
    return "a duration in quotes, as in \"100ms\"";
  case value_type::durations:
    return "durations in quotes, as in \"5s 5m 1h\"";
  case value_type::size:
    return "a number of bytes, or a size in quotes, as in \"256KiB\"";
  case value_type::choice:
  case value_type::address:
  case value_type::store_url:
  case value_type::name:
  case value_type::secret:
  case value_type::path:
    return "text in quotes";
  case value_type::networks:
    return "networks in quotes, as in \"10.0.0.0/8 fd00::/8\"";
  }
  return {};
}

bool is_numeric(value_type type) {
  return type == value_type::integer || type == value_type::duration ||
         type == value_type::size;
}

} // namespace

interpreted interpret_text(const description &setting, std::string_view text) {
  if (setting.may_be_off && (text.empty() || text == off_word))
    return value(std::string(off_word));
  if (text.empty())
    return refuse("is empty; to have its default, leave it out");
  switch (setting.type) {
  case value_type::integer:
    return number_from(setting, parse_integer(text));
  case value_type::duration:
    return number_from(setting, parse_duration(text));
  case value_type::size:
    return number_from(setting, parse_size(text));
  case value_type::choice:
    return one_of(setting, text);
  case value_type::address:
    return checked_text(text, check_address(text));
  case value_type::store_url:
    return checked_text(text, check_store_url(text));
  case value_type::name:
    return checked_text(text, check_name(text));
  case value_type::secret:
    return checked_text(text, check_secret(text));
  case value_type::path:
    return checked_text(text, check_path(text));
  case value_type::durations:
    return checked_text(text, check_durations(text));
  case value_type::networks:
    return checked_text(text, check_networks(text));
  }
  return refuse("is of a type that this program does not know");
}

interpreted interpret_typed(const description &setting,
                            const typed_value &found) {
  auto refuse_kind = [&](std::string_view kind) {
    return refuse("has to be " + std::string(wanted(setting.type)) + ", not " +
                  std::string(kind));
  };
  if (const auto *other = std::get_if<unfit>(&found))
    return refuse_kind(other->kind);
  if (const auto *text = std::get_if<std::string>(&found)) {
    if (setting.type == value_type::integer)
      return refuse_kind("text in quotes");
    return interpret_text(setting, *text);
  }
  auto number = std::get<std::int64_t>(found);
  if (setting.type == value_type::duration && number >= 0)
    return interpret_text(setting, std::to_string(number));
  if (!is_numeric(setting.type) || setting.type == value_type::duration)
    return refuse_kind("a number");
  return in_range(setting, number);
}

std::string to_text(const description &setting, const value &held) {
  if (const auto *text = std::get_if<std::string>(&held))
    return *text;
  auto number = std::get<std::int64_t>(held);
  if (setting.type == value_type::duration)
    return format_duration(number);
  if (setting.type == value_type::size)
    return format_size(number);
  return std::to_string(number);
}

} // namespace sluice::config
