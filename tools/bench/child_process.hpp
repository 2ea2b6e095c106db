#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sluice::tools {

struct child_options {
  std::vector<std::string> arguments;
  std::filesystem::path folder;
  /// Where standard output and error are appended.
  std::filesystem::path log;
  /// Run as this user; empty: as we are. Root only.
  std::string user;
};

/// What a process has used and holds.
struct process_usage {
  std::chrono::milliseconds cpu{};
  long resident_bytes = 0;
};

/// A process that dies with us. Start it before threads exist.
class child_process {
public:
  /// Throws `bench_failure` when it can't be started.
  explicit child_process(const child_options &options);
  /// As `stop`.
  ~child_process();
  child_process(const child_process &) = delete;
  child_process &operator=(const child_process &) = delete;

  bool is_running();

  /// Its exit code, or 128 and the signal; throws when it takes longer.
  int wait(std::chrono::milliseconds limit);

  /// Asks with `how`, and kills it when it has not gone in time. Signals to
  /// us don't shorten the wait.
  void stop(int how = SIGTERM,
            std::chrono::milliseconds grace = std::chrono::seconds(30));

  process_usage usage() const;

  /// The end of its log, one line, for error texts.
  std::string last_words() const;

private:
  std::filesystem::path log_;
  std::string program_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
};

/// A port of 127.0.0.1 that was free a moment ago.
int free_port();

/// Waits until something accepts on the port; false when nothing does.
bool wait_for_port(int port, std::chrono::milliseconds limit);

} // namespace sluice::tools
