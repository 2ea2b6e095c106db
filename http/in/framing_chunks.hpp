#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::http {

/// Decodes a chunked body that arrives piece by piece. Strict: sizes of one
/// to eight hexadecimal digits, CR LF at each end, neither extensions nor
/// trailers.
class chunk_decoder {
public:
  enum class state : std::uint8_t { more, done, bad, too_large };

  /// Refuses bodies of more than `limit` bytes, before they are kept.
  explicit chunk_decoder(std::size_t limit) : limit_(limit) {}

  struct progress {
    state now = state::more;
    /// Bytes of `piece` that were taken: all of them unless the body ended or
    /// was refused.
    std::size_t taken = 0;
  };

  /// Appends what `piece` holds of the body to `body`.
  progress feed(std::string_view piece, std::string &body);

private:
  enum class expects : std::uint8_t {
    size,
    size_lf,
    data,
    data_cr,
    data_lf,
    last_cr,
    last_lf,
  };

  state take_size(char c);
  state take_mark(char c, char wanted, expects next);
  state take_char(char c);
  state end_size();

  std::size_t limit_;
  std::size_t total_ = 0;
  std::uint64_t left_ = 0;
  int digits_ = 0;
  expects expects_ = expects::size;
};

} // namespace sluice::http
