#include "tests/support/postgres_cluster.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::tests {

namespace fs = std::filesystem;

namespace {

/// The newest version's programs, as Debian places them.
std::string find_programs() {
  int newest = 0;
  std::error_code ignored;
  for (const auto &entry :
       fs::directory_iterator("/usr/lib/postgresql", ignored))
    if (fs::exists(entry.path() / "bin" / "initdb"))
      newest = std::max(newest, std::atoi(entry.path().filename().c_str()));
  return newest == 0 ? ""
                     : "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
}

int find_free_port() {
  auto listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto *generic = reinterpret_cast<sockaddr *>(&address);
  auto is_bound = ::bind(listener, generic, size) == 0 &&
                  ::getsockname(listener, generic, &size) == 0;
  ::close(listener);
  if (!is_bound)
    throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

/// The server refuses to run as root.
const passwd *servers_user() {
  return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
}

[[noreturn]] void become(const passwd *user, char *const *words) {
  if (user != nullptr &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
       ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  auto silence = ::open("/dev/null", O_RDWR);
  for (auto stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::dup2(silence, stream);
  ::execv(words[0], words);
  ::_exit(127);
}

} // namespace

postgres_cluster::postgres_cluster(const settings &wanted)
    : password_(wanted.password), port_(find_free_port()) {
  std::string pattern = fs::temp_directory_path() / "sluice-cluster-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  if (const auto *user = servers_user())
    if (::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
      throw std::runtime_error("can't hand the folder to user postgres");
  auto secret = folder_ / "password";
  std::ofstream(secret) << password_ << '\n';
  std::vector<std::string> arguments{
      "-D", folder_ / "data", "-U", "postgres",
      "-E", "UTF8",           "-N", "--locale=C"};
  if (password_.empty())
    arguments.insert(arguments.end(), {"-A", "trust"});
  else
    arguments.insert(arguments.end(),
                     {"-A", "scram-sha-256", "--pwfile=" + secret.string()});
  run("initdb", arguments);
  std::ofstream(folder_ / "data" / "postgresql.conf", std::ios::app)
      << "listen_addresses = '127.0.0.1'\nport = " << port_
      << "\nunix_socket_directories = '" << folder_.string()
      << "'\nmax_connections = 40\nshared_buffers = 16MB"
      // The server crashes here, the machine does not.
      << "\nfsync = off\n";
  start();
}

postgres_cluster::~postgres_cluster() {
  try {
    thaw();
    crash();
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "cluster in %s: %s\n", folder_.c_str(),
                 failure.what());
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

bool postgres_cluster::is_available() {
  static const auto found = [] {
    auto has_programs = !find_programs().empty();
    if (!has_programs)
      std::fprintf(stderr, "tests with a PostgreSQL server of their own are "
                           "skipped: its programs are not installed\n");
    return has_programs;
  }();
  return found;
}

std::string postgres_cluster::uri(std::optional<int> port) const {
  auto secret = password_.empty() ? "" : ":" + password_;
  return "postgresql://postgres" + secret +
         "@127.0.0.1:" + std::to_string(port.value_or(port_)) +
         "/postgres?sslmode=disable&gssencmode=disable";
}

void postgres_cluster::crash() {
  if (postmaster() != 0)
    run("pg_ctl",
        {"-D", folder_ / "data", "-m", "immediate", "-w", "-t", "30", "stop"});
}

void postgres_cluster::start() {
  run("pg_ctl", {"-D", folder_ / "data", "-l", folder_ / "log", "-w", "-t",
                 "60", "start"});
}

void postgres_cluster::freeze() {
  signal_all(SIGSTOP);
}

void postgres_cluster::thaw() {
  signal_all(SIGCONT);
}

pid_t postgres_cluster::postmaster() const {
  pid_t pid = 0;
  std::ifstream(folder_ / "data" / "postmaster.pid") >> pid;
  return pid;
}

std::vector<pid_t> postgres_cluster::processes() const {
  auto parent = postmaster();
  if (parent == 0)
    return {};
  std::vector<pid_t> found{parent};
  auto number = std::to_string(parent);
  std::ifstream children("/proc/" + number + "/task/" + number + "/children");
  for (pid_t child = 0; children >> child;)
    found.push_back(child);
  return found;
}

// The postmaster comes first: frozen, it has no more children.
void postgres_cluster::signal_all(int signal) const {
  if (auto parent = postmaster(); parent != 0)
    ::kill(parent, signal);
  for (auto pid : processes())
    ::kill(pid, signal);
}

void postgres_cluster::run(const std::string &program,
                           const std::vector<std::string> &arguments) const {
  auto path = find_programs() + "/" + program;
  std::vector<char *> words{path.data()};
  auto copies = arguments;
  for (auto &word : copies)
    words.push_back(word.data());
  words.push_back(nullptr);
  const auto *user = servers_user();
  auto child = ::fork();
  if (child == 0)
    become(user, words.data());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error(program + " failed");
}

} // namespace sluice::tests
