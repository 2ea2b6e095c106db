#pragma once

#include <cstdint>
#include <filesystem>

namespace sluice::config {

/// Tells when a file has another content, by a look at it now and then: one
/// that was replaced (a rename, a link that points elsewhere) or written to. It
/// asks for what the path leads to; that costs a `stat`, and never waits for
/// whoever writes. Not thread-safe.
class file_watch {
public:
  enum class verdict : std::uint8_t {
    same,
    /// Somebody is at it: look again soon.
    settling,
    changed,
  };

  explicit file_watch(std::filesystem::path path) : path_(std::move(path)) {}

  /// Is it another one than was read last?
  verdict look();

  /// It will be read now.
  void begin_read();

private:
  /// What can be seen of a file without reading it.
  struct signature {
    int failure = 0;
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    std::int64_t size = 0;
    std::int64_t written_ns = 0;
    std::int64_t changed_ns = 0;

    bool operator==(const signature &) const = default;
  };

  signature look_at_file() const;

  std::filesystem::path path_;
  signature read_;
  signature seen_;
  int settling_for_ = 0;
  /// It was written to so shortly before it was read that a second change in
  /// the same moment of its clock would not be seen.
  bool was_young_ = false;
};

} // namespace sluice::config
