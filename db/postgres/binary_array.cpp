#include "db/postgres/binary_array.hpp"

namespace sluice::db::postgres {

namespace {

constexpr std::uint32_t may_hold_nulls = 1;
constexpr std::uint32_t length_of_null = 0xFFFFFFFF;

} // namespace

binary_array::binary_array(type elements, std::size_t count) {
  append(1); // dimensions
  append(may_hold_nulls);
  append(static_cast<std::uint32_t>(elements));
  append(static_cast<std::uint32_t>(count));
  append(1); // lower bound
}

void binary_array::add(const uuid &value) {
  append(static_cast<std::uint32_t>(value.bytes().size()));
  bytes_.append(value.bytes().begin(), value.bytes().end());
}

void binary_array::add(std::string_view value) {
  append(static_cast<std::uint32_t>(value.size()));
  bytes_.append(value);
}

void binary_array::add(std::int64_t value) {
  auto bits = static_cast<std::uint64_t>(value);
  append(sizeof bits);
  append(static_cast<std::uint32_t>(bits >> 32U));
  append(static_cast<std::uint32_t>(bits));
}

void binary_array::add_null() {
  append(length_of_null);
}

void binary_array::append(std::uint32_t number) {
  for (unsigned shift = 32; shift > 0; shift -= 8)
    bytes_ += static_cast<char>((number >> (shift - 8)) & 0xFFU);
}

} // namespace sluice::db::postgres
