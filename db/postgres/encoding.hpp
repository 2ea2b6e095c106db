#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "db/model/event.hpp"
#include "db/model/ids.hpp"
#include "db/model/time.hpp"

/// How values travel to PostgreSQL as text and back. libpqxx 6 can't send
/// arrays, and cuts strings at a NUL.
namespace sluice::db::postgres {

/// Appends `text` as a quoted array element. Throws `refusal` (rejected) on a
/// NUL, which PostgreSQL can't store.
void append_quoted(std::string &array, std::string_view text);

/// An array literal with one element per item; `append(array, item)` writes
/// an element.
template <class Range, class Append>
std::string array_of(const Range &items, Append append) {
  std::string array = "{";
  for (const auto &item : items) {
    append(array, item);
    array += ',';
  }
  if (array.back() == ',')
    array.pop_back();
  array += '}';
  return array;
}

/// An array literal of ids.
template <class Tag>
std::string array_of(std::span<const strong_id<Tag>> ids) {
  return array_of(ids, [](std::string &array, const strong_id<Tag> &id) {
    id.value().append_to(array);
  });
}

/// `SELECT * FROM function(...)` with these arguments as literals; nothing
/// stands for NULL. Throws `refusal` (rejected) on a NUL.
std::string
call_text(std::string_view function,
          std::initializer_list<std::optional<std::string_view>> arguments);

/// `text` as a parameter. Throws `refusal` (rejected) on a NUL.
std::string parameter(std::string_view text);

/// A `bytea` in hexadecimal form.
std::string bytea(std::span<const std::uint8_t> bytes);
/// Reads bytes of the hexadecimal form; nothing when it is not that.
std::optional<std::string> parse_hex(std::string_view text);
std::string to_hex(std::string_view bytes);

/// Reads an id that PostgreSQL sent; throws on anything else.
uuid read_uuid(const char *text);

/// Reads microseconds since the epoch as queries return them.
timestamp read_time(const char *microseconds);

/// At most `limit` bytes of `text`, cut between characters, with everything
/// that is not UTF-8 and every control character replaced.
std::string storable_line(std::string_view text, std::size_t limit);

} // namespace sluice::db::postgres
