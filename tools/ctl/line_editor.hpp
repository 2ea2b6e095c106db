#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tools {

/// Lines from whoever sits at the terminal, with editing, history (arrows,
/// Ctrl-R) and completion (Tab). The terminal is as it was between two lines,
/// and when a signal ends the process.
class line_editor {
public:
  /// Every word that could stand where the line ends.
  using completer = std::function<std::vector<std::string>(std::string_view)>;

  enum class ending : std::uint8_t {
    line,
    /// Ctrl-C: the line was given up.
    given_up,
    /// Ctrl-D, or the terminal is gone.
    end,
  };
  struct answer {
    ending how = ending::end;
    std::string line{};
  };

  explicit line_editor(completer complete);
  ~line_editor();
  line_editor(const line_editor &) = delete;
  line_editor &operator=(const line_editor &) = delete;

  /// A line that can be had again by the arrows.
  void remember(const std::string &line);

  /// Waits for a line.
  answer read(const std::string &prompt);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::tools
