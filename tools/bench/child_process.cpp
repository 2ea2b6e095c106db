#include "tools/bench/child_process.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench/failure.hpp"
#include "tools/bench/interruption.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;

[[noreturn]] void refuse(const char *what) {
  ::dprintf(STDERR_FILENO, "%s: %s\n", what, std::strerror(errno));
  ::_exit(127);
}

void become(const passwd *user) {
  if (::initgroups(user->pw_name, user->pw_gid) != 0 ||
      ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)
    refuse("user");
}

[[noreturn]] void run_program(const child_options &options, const passwd *user,
                              pid_t parent) {
  int log = ::open(options.log.c_str(),
                   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (log < 0 || nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 ||
      ::dup2(log, STDOUT_FILENO) < 0 || ::dup2(log, STDERR_FILENO) < 0)
    refuse("log");
  // Its own group, so that Ctrl-C reaches us alone and we stop it in order.
  ::setpgid(0, 0);
  if (::chdir(options.folder.c_str()) != 0)
    refuse("folder");
  if (user != nullptr)
    become(user);
  // Forgotten at a change of user, hence after it.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent)
    ::_exit(127);
  std::vector<char *> arguments;
  for (const auto &argument : options.arguments)
    arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  refuse("exec");
}

} // namespace

child_process::child_process(const child_options &options)
    : log_(options.log), program_(options.arguments.at(0)) {
  const passwd *user = nullptr;
  if (!options.user.empty()) {
    user = ::getpwnam(options.user.c_str());
    if (user == nullptr)
      throw bench_failure("no such user: " + options.user);
  }
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    run_program(options, user, parent);
  if (pid_ < 0)
    throw bench_failure("fork: " + std::string(std::strerror(errno)));
}

child_process::~child_process() {
  stop();
}

bool child_process::is_running() {
  if (pid_ < 0)
    return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0)
    return true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return false;
}

int child_process::wait(milliseconds limit) {
  if (!wait_until([&] { return !is_running(); }, limit, milliseconds(20)))
    throw bench_failure(program_ + " takes too long");
  return exit_code_;
}

void child_process::stop(int how, milliseconds grace) {
  if (!is_running())
    return;
  ::kill(pid_, how);
  if (wait_regardless([&] { return !is_running(); }, grace, milliseconds(10)))
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

process_usage child_process::usage() const {
  auto folder = std::filesystem::path("/proc") / std::to_string(pid_);
  std::ifstream stat(folder / "stat");
  std::string line;
  std::getline(stat, line);
  auto name_end = line.rfind(')');
  if (name_end == std::string::npos)
    throw bench_failure(program_ + " is gone: " + last_words());
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i)
    fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  for (int i = 16; i < 24; ++i)
    fields >> skipped;
  long pages = 0;
  fields >> pages;
  return {milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK)),
          pages * ::sysconf(_SC_PAGESIZE)};
}

std::string child_process::last_words() const {
  std::ifstream log(log_);
  std::string line;
  std::string last;
  while (std::getline(log, line))
    if (!line.empty())
      last = line;
  return last.empty() ? "(no output)" : last;
}

} // namespace sluice::tools
