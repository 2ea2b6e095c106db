#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "config/describe.hpp"

namespace sluice::config {

/// A value of a file that no setting can hold; says what it is, as in
/// "a date".
struct unfit {
  std::string_view kind;
  bool is_section = false;
};

/// A value as a TOML file types it.
using typed_value = std::variant<std::int64_t, std::string, unfit>;

/// A checked value, or what is wrong with it, to be put behind the key. The
/// complaint never quotes a secret.
using interpreted = tl::expected<value, std::string>;

/// Reads and checks what an environment variable or `--set` says.
interpreted interpret_text(const description &setting, std::string_view text);

/// Reads and checks what a file says: as `interpret_text`, but a number must
/// be written as a number and text in quotes.
interpreted interpret_typed(const description &setting,
                            const typed_value &found);

/// The text that `interpret_text` reads as the value.
std::string to_text(const description &setting, const value &held);

} // namespace sluice::config
