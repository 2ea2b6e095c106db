#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::db {

/// 16 bytes that name something; comparable byte by byte, which for
/// version 7 is the order of creation.
class uuid {
public:
  using bytes_type = std::array<std::uint8_t, 16>;

  constexpr uuid() = default;
  constexpr explicit uuid(const bytes_type &bytes) : bytes_(bytes) {}

  /// A fresh version 7 UUID (RFC 9562, section 5.7): milliseconds since the
  /// epoch, a counter that keeps ids of one process in order, random bits.
  /// Thread-safe. Never returns the same value twice.
  static uuid generate_v7();

  /// A fresh version 7 UUID with the time and the counter of `first`, a version
  /// 7 UUID: it stands beside it in the order of creation. Thread-safe.
  static uuid generate_beside(const uuid &first);

  /// A fresh version 4 UUID from the system's random source. Thread-safe.
  static uuid generate_v4();

  /// Reads the canonical form, 8-4-4-4-12 hexadecimal digits, either case.
  /// Anything else, braces and spaces included, gives nothing.
  static std::optional<uuid> parse(std::string_view text);

  /// The canonical form in lower case, 36 characters.
  std::string to_string() const;

  /// Appends the canonical form to `out`.
  void append_to(std::string &out) const;

  /// Of a version 7 UUID: when it was made, counted from the epoch.
  constexpr std::chrono::milliseconds made_at() const {
    std::int64_t count = 0;
    for (std::size_t place = 0; place < 6; ++place)
      count = count * 256 + bytes_.at(place);
    return std::chrono::milliseconds(count);
  }

  /// No version 7 UUID that was made at this time, or later, is smaller.
  static constexpr uuid first_v7(std::chrono::milliseconds made_at) {
    bytes_type bytes{};
    auto count = made_at.count();
    for (std::size_t place = 6; place-- > 0; count /= 256)
      bytes.at(place) = static_cast<std::uint8_t>(count % 256);
    bytes.at(6) = 0x70;
    return uuid(bytes);
  }

  constexpr const bytes_type &bytes() const { return bytes_; }
  constexpr bool is_nil() const { return bytes_ == bytes_type{}; }
  constexpr auto operator<=>(const uuid &) const = default;

private:
  bytes_type bytes_{};
};

/// A UUID that names one kind of thing only, so that an organization's id
/// can't be passed where an event's id is meant.
template <class Tag>
class strong_id {
public:
  constexpr strong_id() = default;
  constexpr explicit strong_id(uuid value) : value_(value) {}

  static strong_id generate() { return strong_id(uuid::generate_v7()); }
  static std::optional<strong_id> parse(std::string_view text) {
    auto value = uuid::parse(text);
    return value ? std::optional(strong_id(*value)) : std::nullopt;
  }

  std::string to_string() const { return value_.to_string(); }
  constexpr const uuid &value() const { return value_; }
  constexpr bool is_nil() const { return value_.is_nil(); }
  constexpr auto operator<=>(const strong_id &) const = default;

private:
  uuid value_;
};

using event_id = strong_id<struct event_tag>;
using organization_id = strong_id<struct organization_tag>;
using api_key_id = strong_id<struct api_key_tag>;
using claim_id = strong_id<struct claim_tag>;
using endpoint_id = strong_id<struct endpoint_tag>;
using delivery_id = strong_id<struct delivery_tag>;
using replay_id = strong_id<struct replay_tag>;
/// One life of one process; a restarted service is another node.
using node_id = strong_id<struct node_tag>;

} // namespace sluice::db

template <class Tag>
struct std::hash<sluice::db::strong_id<Tag>> {
  std::size_t operator()(const sluice::db::strong_id<Tag> &id) const noexcept {
    std::size_t sum = 1469598103934665603ULL;
    for (auto byte : id.value().bytes())
      sum = (sum ^ byte) * 1099511628211ULL;
    return sum;
  }
};
