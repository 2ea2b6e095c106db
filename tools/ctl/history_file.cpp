#include "tools/ctl/history_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "config/describe.hpp"

namespace sluice::tools {

namespace fs = std::filesystem;

namespace {

bool is_secret(const config::description &setting) {
  return setting.type == config::value_type::secret ||
         setting.type == config::value_type::store_url;
}

std::string_view from_environment(const char *name) {
  const char *value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

} // namespace

bool may_be_kept(std::string_view line) {
  if (line.empty() || line.front() == ' ' || line.front() == '\t')
    return false;
  return std::ranges::none_of(
      config::descriptions(), [&](const config::description &setting) {
        return is_secret(setting) &&
               line.find(setting.key) != std::string_view::npos;
      });
}

fs::path history_path() {
  const auto state = from_environment("XDG_STATE_HOME");
  const auto home = from_environment("HOME");
  // A relative path there is to be ignored, says the specification.
  if (state.starts_with('/'))
    return fs::path(state) / "sluice" / "console_history";
  if (home.starts_with('/'))
    return fs::path(home) / ".local/state/sluice/console_history";
  return {};
}

history_file::history_file(fs::path path, std::size_t most)
    : path_(std::move(path)) {
  if (path_.empty())
    return;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);)
    lines_.push_back(line);
  // Not at every start.
  constexpr std::size_t slack = 2;
  const bool is_long = lines_.size() > most * slack;
  if (lines_.size() > most)
    lines_.erase(lines_.begin(), lines_.end() - static_cast<long>(most));
  if (!is_long)
    return;
  std::string text;
  for (const auto &line : lines_)
    text += line + '\n';
  append(text, O_TRUNC);
}

void history_file::add(const std::string &line) {
  const bool is_known = !lines_.empty() && lines_.back() == line;
  if (path_.empty() || is_known || !may_be_kept(line))
    return;
  lines_.push_back(line);
  std::error_code failure;
  if (!fs::exists(path_.parent_path(), failure)) {
    fs::create_directories(path_.parent_path(), failure);
    fs::permissions(path_.parent_path(), fs::perms::owner_all, failure);
  }
  append(line + '\n', O_APPEND);
}

bool history_file::append(std::string_view text, int how) const {
  const int file =
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | how,
             S_IRUSR | S_IWUSR);
  if (file < 0)
    return false;
  // It may have been there with another mode.
  const bool is_private = ::fchmod(file, S_IRUSR | S_IWUSR) == 0;
  const bool is_written =
      is_private && ::write(file, text.data(), text.size()) ==
                        static_cast<ssize_t>(text.size());
  ::close(file);
  return is_written;
}

} // namespace sluice::tools
