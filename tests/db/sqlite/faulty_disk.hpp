#pragma once

namespace sluice::tests {

/// What SQLite's WAL files meet in this process: after `plan`, the n-th write
/// or fsync to one of them fails with EIO, and those that follow, as often as
/// it was said. Other files are well.
class faulty_disk {
public:
  enum class operation { write, sync };

  /// More calls than any test makes.
  static constexpr int for_ever = 1'000'000;

  /// Puts itself between SQLite and its files; for files that are opened
  /// from now on.
  faulty_disk();
  faulty_disk(const faulty_disk &) = delete;
  faulty_disk &operator=(const faulty_disk &) = delete;
  ~faulty_disk();

  /// The `nth` operation from now fails (from 1), and `times - 1` after it.
  void plan(operation what, int nth, int times = 1);
  /// The next fsync fails, and every write and fsync after it.
  void die_at_next_sync();
  /// All is well again.
  void heal();
  /// True when all that was planned has happened.
  bool is_spent() const;
  /// How many writes there have been so far, those that failed among them.
  static long writes_so_far();
};

} // namespace sluice::tests
