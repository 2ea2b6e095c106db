#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/control/settings_keeper.hpp"
#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"
#include "config/file_watch.hpp"

namespace sluice::actors {

/// State of the config watcher, the one owner of this node's settings.
class config_watcher_state {
public:
  static inline const char *name = "config_watcher";
  using pointer = config_watcher_actor::stateful_pointer<config_watcher_state>;

  explicit config_watcher_state(pointer self);

  /// Called once, before the first message. Loads the file, and looks which
  /// overrides the store has.
  void init(parts_ptr parts);

  void order(const settings_order_ptr &what);

  /// Loads the file, at once or as soon as the last load is long enough ago.
  void load_soon();

  /// Looks which overrides the store has.
  void look();

  /// Looks at the file, and at what is left to do, and plans the next look.
  void tick(std::uint64_t plan);

private:
  using clock = std::chrono::steady_clock;
  using changes = settings_keeper::changes;

  void plan();
  void load();
  void load_when_due();
  db::result<settings_answer> change(const settings_change &wanted);
  /// As `store::change_overrides`; what is in doubt is resolved.
  db::result<std::optional<db::setting_overrides>>
  write(const db::override_change &change);
  void adopt(db::setting_overrides all);
  void publish(const changes &different);
  void report(const changes &different);
  void report_faults();

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  std::optional<settings_keeper> keeper_;
  std::optional<config::file_watch> watch_;
  /// Those who wait for the next load.
  std::vector<settings_order_ptr> waiting_;
  bool is_load_wanted_ = false;
  bool is_look_due_ = false;
  bool is_settling_ = false;
  clock::time_point next_load_{};
  std::uint64_t plan_ = 0;
  /// Our number among the watchers that there were.
  std::uint64_t number_ = 0;
  /// What was said last of what is wrong: it is said once.
  std::string said_of_faults_;
  std::string said_of_overrides_;
};

/// The config watcher's behaviour. Blocks in files and in the store: spawn it
/// detached.
config_watcher_actor::behavior_type
config_watcher(config_watcher_state::pointer self, parts_ptr parts);

} // namespace sluice::actors
