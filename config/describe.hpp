#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.hpp"

namespace sluice::config {

/// What a setting holds, in the form that all sources share: a whole number
/// (of items, of bytes, of milliseconds) or text. Empty text: no value is set.
using value = std::variant<std::int64_t, std::string>;

/// What switches off whatever a setting is for.
inline constexpr std::string_view off_word = "off";
/// What switches it on, where that is all there is to say.
inline constexpr std::string_view on_word = "on";
/// No network at all.
inline constexpr std::string_view no_networks = "none";

enum class value_type : std::uint8_t {
  integer,
  /// Held in milliseconds.
  duration,
  /// Held as text, as `check_durations` takes it.
  durations,
  /// Held in bytes.
  size,
  /// One of `description::choices`.
  choice,
  /// `host:port`.
  address,
  /// Names a store; may hold a password, which is never shown.
  store_url,
  /// A name that people give.
  name,
  /// Never shown.
  secret,
  /// Of a file or a folder.
  path,
  /// Held as text, as `check_networks` takes it.
  networks,
};

/// Whether a running service may take over another value.
enum class change : std::uint8_t { hot, restart };

/// All that is known about one setting.
struct description {
  /// `section.name`.
  std::string_view key;
  value_type type = value_type::integer;
  /// Both are allowed. For numbers, durations and sizes.
  std::int64_t least = 0;
  std::int64_t greatest = 0;
  /// Only multiples of it are allowed.
  std::int64_t step = 1;
  std::span<const std::string_view> choices{};
  /// Whether `off` is a value, too; so is empty text then, and means it.
  bool may_be_off = false;
  change takes_effect = change::restart;
  std::string_view help{};
  /// What holds while no value is set; for settings that may have none.
  std::string_view when_unset{};
  value (*get)(const settings &from) = nullptr;
  /// Takes what `get` gives, checked.
  void (*set)(settings &into, const value &checked) = nullptr;
};

/// Every setting, section by section. All that reads, checks, shows or
/// explains settings goes by this table.
std::span<const description> descriptions();

/// The row of `key`; null when there is none.
const description *find(std::string_view key);

/// The sections, in the table's order.
std::vector<std::string_view> sections();

/// True for `http` and all else that has settings below it.
bool is_section(std::string_view name);

/// `http` of `http.listen`.
std::string_view section_of(std::string_view key);

/// `SLUICE_HTTP_LISTEN` of `http.listen`.
std::string environment_name(std::string_view key);

/// The value that the setting has when no source says anything.
value default_of(const description &setting);

} // namespace sluice::config
