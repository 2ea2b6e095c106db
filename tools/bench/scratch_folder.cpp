#include "tools/bench/scratch_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <sys/stat.h>

#include "tools/bench/failure.hpp"

namespace sluice::tools {

namespace {

std::filesystem::path default_parent() {
  const char *chosen = std::getenv("TMPDIR");
  return chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
}

} // namespace

scratch_folder::scratch_folder(const std::filesystem::path &parent) {
  auto name =
      ((parent.empty() ? default_parent() : parent) / "sluice-bench-XXXXXX")
          .string();
  if (::mkdtemp(name.data()) == nullptr || ::chmod(name.c_str(), 0711) != 0)
    throw bench_failure(name + ": " + std::strerror(errno));
  path_ = std::filesystem::canonical(name);
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace sluice::tools
