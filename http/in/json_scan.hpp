#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "http/in/json_names.hpp"

namespace sluice::http {

enum class json_kind : std::uint8_t {
  null,
  boolean,
  number,
  string,
  array,
  object,
};

/// Why bytes are not taken.
enum class json_errc : std::uint8_t {
  /// Not UTF-8: a byte order mark, UTF-16, UTF-32, or a malformed sequence.
  encoding,
  /// Not RFC 8259, lone surrogates in escapes included.
  syntax,
  /// `scan_array` only: JSON, but no array.
  not_an_array,
  // From here on: JSON, but with something that not every store and receiver
  // takes.
  too_deep,
  too_many_members,
  duplicate_member,
  /// U+0000, written as `\u0000`.
  nul_character,
  /// Beyond what a double holds.
  number_out_of_range,
};

struct json_fault {
  json_errc code = json_errc::syntax;
  /// Where in the scanned text, in bytes.
  std::size_t offset = 0;
  /// `duplicate_member`: the name, unescaped.
  std::string name;
};

/// A member of the outermost object.
struct json_member {
  /// Between the quotes, as it was sent.
  std::string_view name;
  bool name_has_escapes = false;
  json_kind kind = json_kind::null;
  /// The value's bytes, quotes and brackets included, as they were sent.
  std::string_view text;
};

/// A value that was found good.
struct json_document {
  json_kind kind = json_kind::null;
  /// Without the white space around it.
  std::string_view text;
  /// Only for objects; valid until the scanner's next use.
  std::span<const json_member> members;
};

struct json_limits {
  /// Objects and arrays within each other.
  std::size_t depth = 64;
  /// Members and elements in all.
  std::size_t members = 10'000;
};

/// Validates JSON in one pass over the bytes: no recursion, no tree, no copy.
/// What it takes, every JSON parser and every store takes. Keeps its memory
/// from one use to the next. Not thread-safe. Views that it gives point into
/// the text.
class json_scanner {
public:
  using scanned = tl::expected<json_document, json_fault>;

  explicit json_scanner(json_limits limits = {});

  /// The text is one value, with white space around it at most. The first
  /// fault ends the scan.
  scanned scan(std::string_view text);

  /// The text is an array: gives each element to `take`, in order, as if it
  /// were a document of its own, with its own limits. An element that is JSON
  /// but not acceptable is given as its fault, and the scan goes on; false
  /// from `take` ends it. Returns the fault of the array as a whole, which may
  /// come after elements that were given.
  tl::expected<void, json_fault>
  scan_array(std::string_view text, const std::function<bool(scanned)> &take);

private:
  struct frame {
    char closer;
    std::uint32_t object;
    const char *begin;
  };

  void begin(std::string_view text, bool goes_on);
  bool elements(const std::function<bool(scanned)> &take);
  bool value();
  bool step();
  bool begin_value();
  bool open(char closer);
  void close();
  bool scalar(json_kind kind, const char *from, bool is_good);
  void settle(json_kind kind, const char *from);
  bool name();
  bool string(std::string_view &inside, bool &has_escapes);
  bool escape();
  bool unicode_escape();
  bool hex_unit(unsigned &unit);
  bool number();
  bool digits();
  bool literal(std::string_view word);
  void skip_space();
  bool unexpected();
  bool fail(json_errc code, const char *where);
  bool mind(json_errc code, const char *where, std::string name = {});

  json_limits limits_;
  const char *begin_ = nullptr;
  const char *at_ = nullptr;
  const char *end_ = nullptr;
  /// Whether the scan goes on behind a fault that leaves the text JSON.
  bool goes_on_ = false;
  bool is_faulty_ = false;
  bool just_opened_ = false;
  std::size_t count_ = 0;
  std::uint32_t objects_ = 0;
  json_fault fault_;
  json_document document_;
  std::vector<frame> frames_;
  std::vector<json_member> members_;
  json_names names_;
};

} // namespace sluice::http
