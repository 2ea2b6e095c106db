#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <termios.h>

/// The terminal that this program was started on.
namespace sluice::tools {

struct screen_size {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Of standard output; 80 by 24 where that is no terminal.
screen_size size_of_screen();

/// Keeps how the terminal is set, and sets it so again when it goes, or when a
/// signal ends the process meanwhile; Ctrl-C is no such signal. One at a time.
class terminal_guard {
public:
  /// `farewell` is written to the terminal at the end; a constant.
  explicit terminal_guard(std::string_view farewell);
  terminal_guard(const terminal_guard &) = delete;
  terminal_guard &operator=(const terminal_guard &) = delete;
  ~terminal_guard();

  /// Keys come one by one, unseen, and none of them raises a signal.
  void take_keys();
};

} // namespace sluice::tools
