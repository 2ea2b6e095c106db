#include "db/baseline/postgres_rows.hpp"

#include <cstdint>

namespace sluice::db {

namespace {

constexpr std::uint32_t uuid_type = 2950;
constexpr std::uint32_t text_type = 25;

void append(std::string &out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>((number >> shift) & 0xff);
}

std::string begin_array(std::uint32_t type, std::size_t count) {
  std::string array;
  append(array, 1); // dimensions
  append(array, 0); // no NULLs
  append(array, type);
  append(array, static_cast<std::uint32_t>(count));
  append(array, 1); // lower bound
  return array;
}

} // namespace

std::string binary_array(const std::vector<uuid> &elements) {
  auto array = begin_array(uuid_type, elements.size());
  for (const auto &element : elements) {
    append(array, static_cast<std::uint32_t>(element.bytes().size()));
    array.append(element.bytes().begin(), element.bytes().end());
  }
  return array;
}

std::string binary_array(std::string_view element, int count) {
  auto array = begin_array(text_type, static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    append(array, static_cast<std::uint32_t>(element.size()));
    array.append(element);
  }
  return array;
}

} // namespace sluice::db
