#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace sluice::http {

/// Seals secrets for keeping, with AES-256-GCM and keys from a file of mode
/// 0600, one a line: `<8 hex digits: the key's id> <64 hex digits: the key>`.
/// The first one seals, all unseal. Blank lines and lines that begin with `#`
/// say nothing. Immutable, hence thread-safe.
///
/// Sealed: version (1) | id (4) | nonce (12) | text | tag (16); version and id
/// are authenticated, too.
class secret_box {
public:
  /// Reads the keys; makes the file, with one key, when there is none. It
  /// appears as a whole, and of several that open it at once one makes it.
  /// Fails with one line that names the file and says what to do.
  static tl::expected<std::shared_ptr<const secret_box>, std::string>
  open(const std::string &path);

  ~secret_box();
  secret_box(const secret_box &) = delete;
  secret_box &operator=(const secret_box &) = delete;

  /// Nothing when the system has no random bytes.
  std::optional<std::string> seal(std::string_view plain) const;

  /// Nothing for bytes that none of the keys has sealed, or that are not as
  /// they were.
  std::optional<std::string> unseal(std::string_view sealed) const;

private:
  struct key {
    std::array<std::uint8_t, 4> id{};
    std::array<std::uint8_t, 32> bytes{};
  };

  secret_box() = default;
  static std::optional<key> parse_line(std::string_view line);
  static std::optional<std::string> fresh_file();
  /// What is wrong with the text, if anything.
  std::optional<std::string> read(std::string_view text);

  std::vector<key> keys_;
};

} // namespace sluice::http
