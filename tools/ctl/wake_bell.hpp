#pragma once

namespace sluice::tools {

/// What lets a signal end a wait that has not begun yet: its handler rings, and
/// the wait looks at `descriptor()` beside what else it waits for. One for the
/// whole process, because a handler knows no object; it lasts until the end.
class wake_bell {
public:
  /// Readable from the first `ring()` on, until `silence()`. The first call is
  /// made before a handler that rings is set; -1 when there is none to be had.
  static int descriptor();
  /// May be called in a signal handler.
  static void ring() noexcept;
  static void silence() noexcept;
};

} // namespace sluice::tools
