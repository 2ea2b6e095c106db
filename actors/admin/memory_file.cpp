#include "actors/admin/memory_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace sluice::actors {

memory_file::memory_file(const std::string &text)
    : file_(::memfd_create("sluice-admin", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  constexpr int all_seals =
      F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (!file_.is_open() ||
      ::write(file_.get(), text.data(), text.size()) !=
          static_cast<ssize_t>(text.size()) ||
      ::fcntl(file_.get(), F_ADD_SEALS, all_seals) != 0)
    throw std::runtime_error("no file in memory: " +
                             std::generic_category().message(errno));
}

std::string memory_file::path() const {
  return "/proc/self/fd/" + std::to_string(file_.get());
}

} // namespace sluice::actors
