#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "db/model/ids.hpp"

namespace sluice::db::postgres {

/// A one-dimensional array in PostgreSQL's binary format (array_recv of its
/// src/backend/utils/adt/arrayfuncs.c), to be sent as a parameter. The server
/// reads it several times faster than text that it has to unquote.
class binary_array {
public:
  enum class type : std::uint32_t { bigint = 20, text = 25, uuid = 2950 };

  binary_array(type elements, std::size_t count);

  void add(const uuid &value);
  void add(std::string_view value);
  void add(std::int64_t value);
  void add_null();

  /// The whole, once all `count` elements were added.
  const std::string &bytes() const { return bytes_; }

private:
  void append(std::uint32_t number);

  std::string bytes_;
};

} // namespace sluice::db::postgres
