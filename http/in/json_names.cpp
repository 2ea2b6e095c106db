#include "http/in/json_names.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#include "http/in/json_text.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t first_size = 64;

struct hash_key {
  std::uint64_t start;
  std::uint64_t factor;
};

const hash_key &process_key() {
  static const hash_key key = [] {
    std::random_device source;
    auto word = [&source] {
      return (static_cast<std::uint64_t>(source()) << 32U) | source();
    };
    // An odd factor loses no bits.
    return hash_key{word(), word() | 1U};
  }();
  return key;
}

/// Both halves of the product, folded: every bit of the input moves every
/// bit of the output, and the factor is unknown outside.
std::uint64_t fold(std::uint64_t value, std::uint64_t factor) {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(value) * factor;
  return static_cast<std::uint64_t>(product) ^
         static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t hash_of(std::string_view name, std::uint32_t object) {
  const hash_key &key = process_key();
  std::uint64_t hash = key.start ^ object;
  while (name.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, name.data(), 8);
    hash = fold(hash ^ word, key.factor);
    name.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, name.data(), name.size());
  // The length tells "a" from "a\0": the rest is padded with zeros.
  return fold(hash ^ rest ^ (static_cast<std::uint64_t>(name.size()) << 59U),
              key.factor);
}

} // namespace

void json_names::clear() {
  entries_.clear();
  std::fill(slots_.begin(), slots_.end(), 0U);
}

bool json_names::insert(std::uint32_t object, std::string_view inside,
                        bool has_escapes) {
  if ((entries_.size() + 1) * 2 > slots_.size())
    grow();
  const auto hash = has_escapes ? hash_of(json_unescape(inside), object)
                                : hash_of(inside, object);
  const entry fresh{hash, inside, object, has_escapes};
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0) {
    if (is_same(entries_[slots_[slot] - 1], fresh))
      return false;
    slot = (slot + 1) & mask;
  }
  entries_.push_back(fresh);
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  return true;
}

bool json_names::is_same(const entry &left, const entry &right) const {
  if (left.hash != right.hash || left.object != right.object)
    return false;
  if (!left.has_escapes && !right.has_escapes)
    return left.inside == right.inside;
  return json_unescape(left.inside) == json_unescape(right.inside);
}

void json_names::grow() {
  const std::size_t size = std::max(first_size, slots_.size() * 2);
  slots_.assign(size, 0U);
  entries_.reserve(size / 2);
  const std::size_t mask = size - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = entries_[i].hash & mask;
    while (slots_[slot] != 0)
      slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

} // namespace sluice::http
