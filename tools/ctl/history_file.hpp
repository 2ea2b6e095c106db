#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tools {

/// Whether a line may be written down: not one that begins with a blank, and
/// none that speaks of a setting whose value is secret.
bool may_be_kept(std::string_view line);

/// `$XDG_STATE_HOME/sluice/console_history`, else below `~/.local/state`; empty
/// when there is no home.
std::filesystem::path history_path();

/// Lines of former sessions, for their owner's eyes only. What can't be read or
/// written is not: a console works without.
class history_file {
public:
  /// Keeps the newest `most` lines that are there.
  explicit history_file(std::filesystem::path path, std::size_t most = 1000);

  /// Oldest first.
  const std::vector<std::string> &lines() const { return lines_; }

  /// Writes it down, if it may be, and if it is not the newest already.
  void add(const std::string &line);

private:
  bool append(std::string_view text, int how) const;

  std::filesystem::path path_;
  std::vector<std::string> lines_;
};

} // namespace sluice::tools
