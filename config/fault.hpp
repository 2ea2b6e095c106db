#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::config {

/// Where a value was found, in rising order of precedence.
enum class source : std::uint8_t {
  built_in,
  file,
  environment,
  command_line,
  /// Given to the running service, and kept in its store.
  runtime,
};

/// Where one value came from.
struct origin {
  source from = source::built_in;
  /// The file as it was named, the environment variable, `--set`, or
  /// `override`.
  std::string name{};
  /// In a file, from 1; 0 where there is none.
  int line = 0;
  int column = 0;
};

/// `default`, `sluice.toml:12`, `SLUICE_STORE_URL` or `--set`.
std::string to_string(const origin &where);

/// One reason why the settings can't be used.
struct fault {
  origin where{};
  /// The setting or section as it was written; empty when the fault belongs
  /// to none, as with a file that can't be read.
  std::string key{};
  /// Never holds the value of a secret.
  std::string problem{};
  /// The nearest thing that exists; empty when nothing is near.
  std::string suggestion{};
};

/// The fault as a compiler would write it, in one line without its end:
/// `sluice.toml:12: processor.x: unknown setting; did you mean processor.y?`
std::string to_string(const fault &found);

/// `text` fit for one line of a terminal or a log: control characters become
/// `\xNN`, and what is longer than `limit` bytes is cut.
std::string one_line(std::string_view text, std::size_t limit = 200);

} // namespace sluice::config
