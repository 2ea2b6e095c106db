#include "http/out/key_file.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::http {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_file_bytes = 64 * 1024;

std::string text_of_errno() {
  return std::generic_category().message(errno);
}

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(const descriptor &) = delete;
  descriptor &operator=(const descriptor &) = delete;
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

private:
  int fd_;
};

bool write_all(int fd, const std::string &text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const auto count = ::write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR)
      return false;
    if (count > 0)
      done += static_cast<std::size_t>(count);
  }
  return true;
}

bool sync_folder(const fs::path &folder) {
  const descriptor fd(
      ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::fsync(fd.get()) == 0;
}

} // namespace

tl::expected<std::string, std::string> read_key_file(const std::string &path) {
  // Not blocking: what is no plain file might wait for somebody.
  const descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd)
    return tl::unexpected(errno == ENOENT ? std::string() : text_of_errno());
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0)
    return tl::unexpected(text_of_errno());
  if (!S_ISREG(facts.st_mode))
    return tl::unexpected(std::string("is no plain file"));
  if ((facts.st_mode & 077U) != 0)
    return tl::unexpected(
        std::string("others than its owner have rights to it; chmod 600 it"));
  std::string out;
  std::array<char, 4096> part{};
  for (;;) {
    const auto count = ::read(fd.get(), part.data(), part.size());
    if (count == 0)
      return out;
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return tl::unexpected(text_of_errno());
    out.append(part.data(), static_cast<std::size_t>(count));
    if (out.size() > most_file_bytes)
      return tl::unexpected(std::string("has more than 64 KiB"));
  }
}

tl::expected<void, std::string> make_key_file(const std::string &path,
                                              const std::string &text) {
  const auto folder = fs::absolute(path).parent_path();
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    return tl::unexpected("its folder: " + failed.message());
  // mkostemp makes it with mode 0600.
  std::string fresh = path + ".XXXXXX";
  const descriptor fd(::mkostemp(fresh.data(), O_CLOEXEC));
  if (!fd)
    return tl::unexpected(text_of_errno());
  // A link, not a rename: it fails where another has made the file.
  const bool is_made =
      write_all(fd.get(), text) && ::fsync(fd.get()) == 0 &&
      (::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const auto fault = is_made ? std::string() : text_of_errno();
  ::unlink(fresh.c_str());
  if (!is_made)
    return tl::unexpected(fault);
  if (!sync_folder(folder))
    return tl::unexpected("its folder: " + text_of_errno());
  return {};
}

} // namespace sluice::http
