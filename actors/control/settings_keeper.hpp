#pragma once

#include <span>
#include <vector>

#include <tl/expected.hpp>

#include "actors/settings_view.hpp"
#include "config/load.hpp"

namespace sluice::actors {

/// What a node knows of its settings, and what it makes of news about them.
/// Reads no file, asks no store; what is not good changes nothing. Belongs to
/// one thread.
class settings_keeper {
public:
  using changes = std::vector<config::difference>;
  using found = tl::expected<config::loaded, std::vector<config::fault>>;

  /// `known`: what was known before; not null.
  settings_keeper(config::settings at_start, const settings_view_ptr &known)
      : at_start_(std::move(at_start)), view_(*known) {}

  /// What was known when the service began, with these settings.
  static settings_view_ptr first_view(const config::settings &at_start);

  const settings_view &view() const { return view_; }

  /// A load has found this. Returns what is different now; what is wrong
  /// stands in the view.
  changes take(found news, db::timestamp now);

  /// The store has these overrides. Returns what is different now.
  changes adopt(db::setting_overrides all);

  /// What a change would mean to the store, that has `current`; without any
  /// `set` and `unset` when there is nothing to be done. Or why it can't be
  /// made: also when it would keep an override that holds from holding.
  tl::expected<db::override_change, std::vector<config::fault>>
  plan(const settings_change &wanted,
       const db::setting_overrides &current) const;

  /// What would be different after a change that was planned.
  changes preview(const db::override_change &planned) const;

private:
  changes hold(config::standing next);
  changes refuse(std::vector<config::fault> why);
  std::vector<config::fault>
  skipped_with(std::span<const config::override_value> overrides) const;

  config::settings at_start_;
  settings_view view_;
};

} // namespace sluice::actors
