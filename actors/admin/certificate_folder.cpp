#include "actors/admin/certificate_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "actors/admin/descriptor.hpp"
#include "actors/admin/issue.hpp"

namespace sluice::actors {

namespace {

namespace fs = std::filesystem;

// Certificates and keys are some hundred bytes each.
constexpr std::size_t largest_file = 256UL * 1024;

using file_list = std::vector<std::pair<std::string, std::string>>;

tl::unexpected<std::string> system_failure(const fs::path &where) {
  return failure(where.string() + ": " +
                 std::generic_category().message(errno));
}

bool write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(to, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(to) == 0;
}

outcome<void> write_file(const fs::path &path, const std::string &text) {
  constexpr mode_t for_owner = 0600;
  const descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, for_owner));
  if (!file.is_open() || !write_all(file.get(), text))
    return system_failure(path);
  return {};
}

void sync_folder(const fs::path &path) {
  const descriptor folder(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.is_open())
    ::fsync(folder.get());
}

fs::path parent_of(const fs::path &path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// Writes the files beside the folder, then moves them into its place. False
/// when somebody else was quicker.
outcome<bool> make_folder(const fs::path &folder, const file_list &files) {
  std::error_code failed;
  fs::create_directories(parent_of(folder), failed);
  auto pattern = folder.string() + ".XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    return system_failure(parent_of(folder));
  const fs::path fresh(pattern);
  for (const auto &[name, text] : files)
    if (auto written = write_file(fresh / name, text); !written) {
      fs::remove_all(fresh, failed);
      return failure(std::move(written.error()));
    }
  sync_folder(fresh);
  if (::rename(fresh.c_str(), folder.c_str()) == 0) {
    sync_folder(parent_of(folder));
    return true;
  }
  const bool is_there = errno == EEXIST || errno == ENOTEMPTY;
  auto failed_rename = system_failure(folder);
  fs::remove_all(fresh, failed);
  if (is_there)
    return false;
  return failed_rename;
}

outcome<std::string> read_file(const fs::path &path, bool is_secret) {
  // Not blocked by what is no file.
  const descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (!file.is_open() || ::fstat(file.get(), &facts) != 0)
    return system_failure(path);
  if (!S_ISREG(facts.st_mode))
    return failure(path.string() + ": is no file");
  constexpr mode_t for_others = 077;
  if (is_secret && (facts.st_mode & for_others) != 0)
    return failure(path.string() + ": others may read this key; make "
                                   "another one, or at least chmod 600");
  std::string out(largest_file + 1, '\0');
  std::size_t size = 0;
  while (size < out.size()) {
    const auto got = ::read(file.get(), out.data() + size, out.size() - size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return system_failure(path);
    if (got == 0)
      break;
    size += static_cast<std::size_t>(got);
  }
  if (size > largest_file)
    return failure(path.string() + ": is too long for what it should be");
  out.resize(size);
  return out;
}

bool is_operator_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  return !name.empty() && name.size() <= longest &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._@-") == std::string_view::npos;
}

} // namespace

outcome<bool> make_certificates(const fs::path &folder) {
  std::error_code failed;
  if (fs::exists(folder, failed) && !fs::is_empty(folder, failed))
    return false;
  const auto root = make_authority();
  if (!root)
    return failure(root.error());
  const auto service = issue(*root, server_name, admin_role::service);
  const auto first = issue(*root, operator_name, admin_role::operates);
  if (!service || !first)
    return failure(service ? first.error() : service.error());
  return make_folder(folder, {{"ca.crt", root->certificate},
                              {"ca.key", root->key},
                              {"server.crt", service->certificate},
                              {"server.key", service->key},
                              {"operator.crt", first->certificate},
                              {"operator.key", first->key}});
}

outcome<identity> read_identity(const fs::path &folder,
                                const std::string &name) {
  const auto certificate = read_file(folder / (name + ".crt"), false);
  if (!certificate)
    return failure(certificate.error());
  const auto key = read_file(folder / (name + ".key"), true);
  if (!key)
    return failure(key.error());
  const auto root = read_file(folder / "ca.crt", false);
  if (!root)
    return failure(root.error());
  return identity{*certificate, *key, *root};
}

outcome<void> issue_operator(const fs::path &folder, const std::string &name,
                             const fs::path &into) {
  if (!is_operator_name(name))
    return failure("an operator's name is 1 to 64 of letters, digits "
                   "and . _ @ -");
  const auto certificate = read_file(folder / "ca.crt", false);
  if (!certificate)
    return failure(certificate.error());
  const auto key = read_file(folder / "ca.key", true);
  if (!key)
    return failure(key.error());
  const auto made = issue({*certificate, *key}, name, admin_role::operates);
  if (!made)
    return failure(made.error());
  std::error_code failed;
  if (fs::exists(into, failed))
    return failure(into.string() + ": is there already");
  const auto is_made = make_folder(into, {{"ca.crt", made->authority},
                                          {"operator.crt", made->certificate},
                                          {"operator.key", made->key}});
  if (!is_made)
    return failure(is_made.error());
  if (!*is_made)
    return failure(into.string() + ": is there already");
  return {};
}

} // namespace sluice::actors
