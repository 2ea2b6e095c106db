#include "db/model/ids.hpp"

#include <sys/random.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace sluice::db {

namespace {

constexpr int counter_bits = 12;

/// Random bytes of the kernel, fetched a page at a time: a system call for
/// each id would cost more than the rest of it.
class random_pool {
public:
  std::uint64_t next() {
    if (used_ + sizeof(std::uint64_t) > pool_.size())
      refill();
    std::uint64_t value = 0;
    std::memcpy(&value, pool_.data() + used_, sizeof value);
    used_ += sizeof value;
    return value;
  }

private:
  void refill() {
    std::size_t filled = 0;
    while (filled < pool_.size()) {
      auto got = getrandom(pool_.data() + filled, pool_.size() - filled, 0);
      if (got > 0)
        filled += static_cast<std::size_t>(got);
      else if (errno != EINTR)
        std::abort(); // Ids that might repeat would be worse.
    }
    used_ = 0;
  }

  std::array<std::uint8_t, 2048> pool_{};
  std::size_t used_ = pool_.size();
};

std::uint64_t random_bits() {
  thread_local random_pool pool;
  return pool.next();
}

/// Milliseconds and counter in one number that only grows. The counter
/// starts at 0 in each millisecond and carries into the milliseconds when it
/// overflows, as RFC 9562 (6.2, method 1) allows.
std::uint64_t next_tick() {
  static std::atomic<std::uint64_t> last{0};
  auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  auto now =
      static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch)
              .count())
      << counter_bits;
  auto before = last.load(std::memory_order_relaxed);
  std::uint64_t tick = 0;
  do {
    tick = now > before ? now : before + 1;
  } while (
      !last.compare_exchange_weak(before, tick, std::memory_order_relaxed));
  return tick;
}

void put_big_endian(std::uint8_t *to, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i, value >>= 8)
    to[i] = static_cast<std::uint8_t>(value);
}

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F')
    return digit - 'A' + 10;
  return -1;
}

bool is_dash_at(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

} // namespace

uuid uuid::generate_v7() {
  auto tick = next_tick();
  bytes_type bytes{};
  put_big_endian(bytes.data(), tick >> counter_bits, 6);
  put_big_endian(bytes.data() + 6, 0x7000 | (tick & 0xFFF), 2);
  return generate_beside(uuid(bytes));
}

uuid uuid::generate_beside(const uuid &first) {
  auto bytes = first.bytes();
  put_big_endian(bytes.data() + 8, random_bits(), 8);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  return uuid(bytes);
}

uuid uuid::generate_v4() {
  bytes_type bytes{};
  put_big_endian(bytes.data(), random_bits(), 8);
  put_big_endian(bytes.data() + 8, random_bits(), 8);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  return uuid(bytes);
}

std::optional<uuid> uuid::parse(std::string_view text) {
  if (text.size() != 36)
    return std::nullopt;
  bytes_type bytes{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash_at(i)) {
      if (text[i] != '-')
        return std::nullopt;
      continue;
    }
    int value = digit_value(text[i]);
    if (value < 0)
      return std::nullopt;
    auto &byte = bytes[digits++ / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | value);
  }
  return uuid(bytes);
}

std::string uuid::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

void uuid::append_to(std::string &out) const {
  static constexpr char digits[] = "0123456789abcdef";
  auto at = out.size();
  out.resize(at + 36);
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      out[at++] = '-';
    out[at++] = digits[bytes_[i] >> 4];
    out[at++] = digits[bytes_[i] & 15];
  }
}

} // namespace sluice::db
