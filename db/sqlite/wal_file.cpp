#include "db/sqlite/wal_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace sluice::db::sqlite {

namespace {

using byte = unsigned char;

constexpr std::size_t header_size = 32;
constexpr std::uint32_t magic = 0x377f0682; // its last bit: big-endian sums
constexpr std::size_t step = 1UL << 20U;

[[noreturn]] void give_up(const char *what, int code) {
  throw SQLite::Exception(std::string("the WAL could not be ") + what, code);
}

std::uint32_t big_endian(const byte *at) {
  return std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U |
         std::uint32_t{at[2]} << 8U | at[3];
}

std::uint32_t little_endian(const byte *at) {
  return std::uint32_t{at[3]} << 24U | std::uint32_t{at[2]} << 16U |
         std::uint32_t{at[1]} << 8U | at[0];
}

/// The WAL's file, open for one purpose.
class wal_file {
public:
  explicit wal_file(const std::string &path)
      : descriptor_(::open((path + "-wal").c_str(), O_RDWR | O_CLOEXEC)) {}
  ~wal_file() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  wal_file(const wal_file &) = delete;
  wal_file &operator=(const wal_file &) = delete;

  bool is_there() const { return descriptor_ >= 0; }

  /// How much of `into` could be filled.
  std::size_t read(std::span<byte> into, std::size_t at) const {
    std::size_t got = 0;
    while (got < into.size()) {
      auto count = ::pread(descriptor_, into.data() + got, into.size() - got,
                           static_cast<off_t>(at + got));
      if (count < 0 && errno != EINTR)
        give_up("read", SQLITE_IOERR_READ);
      if (count == 0)
        break;
      got += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
    return got;
  }

  void write(std::span<const byte> bytes, std::size_t at) const {
    while (!bytes.empty()) {
      auto count = ::pwrite(descriptor_, bytes.data(), bytes.size(),
                            static_cast<off_t>(at));
      if (count < 0 && errno != EINTR)
        give_up("written", errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE);
      auto done = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
      bytes = bytes.subspan(done);
      at += done;
    }
  }

  void sync() const {
    if (::fsync(descriptor_) != 0)
      give_up("synced", SQLITE_IOERR_FSYNC);
  }

private:
  int descriptor_;
};

/// SQLite's running checksum of a WAL.
class wal_checksum {
public:
  explicit wal_checksum(bool is_big_endian) : is_big_endian_(is_big_endian) {}

  void add(std::span<const byte> bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first_ += word(&bytes[at]) + second_;
      second_ += word(&bytes[at + 4]) + first_;
    }
  }

  bool is(const byte *stored) const {
    return first_ == big_endian(stored) && second_ == big_endian(stored + 4);
  }

private:
  std::uint32_t word(const byte *at) const {
    return is_big_endian_ ? big_endian(at) : little_endian(at);
  }

  bool is_big_endian_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

bool is_sound(const wal_file &file, int frames) {
  std::array<byte, header_size> header{};
  if (frames == 0)
    return true;
  if (file.read(header, 0) < header_size ||
      (big_endian(header.data()) & ~1U) != magic)
    return false;
  wal_checksum sum((big_endian(header.data()) & 1U) != 0);
  sum.add(std::span(header).first(24));
  if (!sum.is(&header[24]))
    return false;
  auto page_size = big_endian(&header[8]);
  std::vector<byte> frame(wal_frame_header_size + page_size);
  for (auto at = header_size; frames > 0; --frames, at += frame.size()) {
    if (file.read(frame, at) < frame.size() ||
        std::memcmp(&frame[8], &header[16], 8) != 0)
      return false;
    sum.add(std::span(frame).first(8));
    sum.add(std::span(frame).subspan(wal_frame_header_size));
    if (!sum.is(&frame[16]))
      return false;
  }
  return true;
}

} // namespace

void rewrite_wal(const std::string &path, int frames) {
  wal_file file(path);
  if (!file.is_there() && errno == ENOENT && frames == 0)
    return;
  if (!file.is_there())
    give_up("opened", SQLITE_CANTOPEN);
  if (!is_sound(file, frames))
    give_up("restored; what the disk has lost shows after a restart",
            SQLITE_IOERR_DATA);
  std::vector<byte> piece(step);
  for (std::size_t at = 0;; at += step) {
    auto got = file.read(piece, at);
    file.write(std::span(piece).first(got), at);
    if (got < step)
      break;
  }
  file.sync();
}

} // namespace sluice::db::sqlite
