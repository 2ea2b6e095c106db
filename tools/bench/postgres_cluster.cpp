#include "tools/bench/postgres_cluster.hpp"

#include <csignal>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

#include "db/baseline/baseline.hpp"
#include "tools/bench/failure.hpp"
#include "tools/bench/interruption.hpp"

namespace sluice::tools {

namespace {

/// The folder of the newest server that is installed the way Debian does.
std::filesystem::path find_programs() {
  std::filesystem::path newest;
  int newest_version = 0;
  std::error_code none;
  for (const auto &entry :
       std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    auto version = std::atoi(entry.path().filename().c_str());
    if (version > newest_version &&
        std::filesystem::exists(entry.path() / "bin" / "initdb")) {
      newest = entry.path() / "bin";
      newest_version = version;
    }
  }
  if (newest.empty())
    throw bench_failure("no PostgreSQL server below /usr/lib/postgresql: "
                        "install one, or name a running one (--postgres)");
  return newest;
}

} // namespace

postgres_cluster::postgres_cluster(const std::filesystem::path &parent)
    : folder_(parent) {
  auto programs = find_programs();
  make(programs);
  auto data = (folder_.path() / "data").string();
  server_ = std::make_unique<child_process>(
      command({(programs / "postgres").string(), "-D", data, "-k", data, "-c",
               "listen_addresses=", "-c", "unix_socket_permissions=0700", "-p",
               "5432"}));
  url_ = "postgresql:///postgres?host=" + data + "&port=5432&user=postgres";
  if (!wait_until([&] { return !server_->is_running() || db::is_up(url_); },
                  std::chrono::seconds(60), std::chrono::milliseconds(50)) ||
      !server_->is_running())
    throw bench_failure("PostgreSQL did not start: " + server_->last_words());
}

postgres_cluster::~postgres_cluster() {
  // "Fast": sessions are ended, data written.
  if (server_)
    server_->stop(SIGINT);
}

void postgres_cluster::make(const std::filesystem::path &programs) {
  auto data = folder_.path() / "data";
  std::filesystem::create_directory(data);
  if (::geteuid() == 0) {
    user_ = "postgres";
    const auto *owner = ::getpwnam(user_.c_str());
    if (owner == nullptr ||
        ::chown(data.c_str(), owner->pw_uid, owner->pw_gid) != 0)
      throw bench_failure("PostgreSQL can't run as root, and there is no "
                          "user postgres");
  }
  child_process initdb(
      command({(programs / "initdb").string(), "-D", data.string(), "-U",
               "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"}));
  if (initdb.wait(std::chrono::seconds(120)) != 0)
    throw bench_failure("initdb: " + initdb.last_words());
}

child_options
postgres_cluster::command(std::vector<std::string> arguments) const {
  return {.arguments = std::move(arguments),
          .folder = folder_.path(),
          .log = folder_.path() / "postgres.log",
          .user = user_};
}

} // namespace sluice::tools
