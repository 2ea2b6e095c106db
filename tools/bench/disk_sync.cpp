#include "tools/bench/disk_sync.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <vector>

#include "tools/bench/failure.hpp"

namespace sluice::tools {

namespace {

constexpr std::size_t page_bytes = 4096;
/// The file is written over, as a WAL is.
constexpr off_t pages = 1000;

class probe_file {
public:
  explicit probe_file(std::filesystem::path path)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(),
                           O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    page_.fill('x');
  }
  ~probe_file() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  probe_file(const probe_file &) = delete;
  probe_file &operator=(const probe_file &) = delete;

  void keep_page(off_t number) {
    const auto at = number % pages * static_cast<off_t>(page_bytes);
    if (::pwrite(descriptor_, page_.data(), page_bytes, at) !=
            static_cast<ssize_t>(page_bytes) ||
        ::fdatasync(descriptor_) != 0)
      throw bench_failure("can't write to " + path_.string() + ": " +
                          std::generic_category().message(errno));
  }

private:
  std::filesystem::path path_;
  int descriptor_;
  std::array<char, page_bytes> page_{};
};

} // namespace

sync_times measure_disk(const std::filesystem::path &folder) {
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds duration{500};
  probe_file file(folder / "disk-probe");
  std::vector<double> took;
  for (const auto end = clock::now() + duration; clock::now() < end;) {
    const auto begun = clock::now();
    file.keep_page(std::ssize(took));
    took.push_back(
        std::chrono::duration<double, std::milli>(clock::now() - begun)
            .count());
  }
  std::ranges::sort(took);
  return {.median = took[took.size() / 2], .p99 = took[took.size() * 99 / 100]};
}

} // namespace sluice::tools
