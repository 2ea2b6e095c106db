#include "config/toml_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include <toml++/toml.h>

#include "config/text_checks.hpp"

namespace sluice::config {

namespace {

constexpr std::size_t largest_file = 1024UL * 1024;
// toml++ follows dotted keys by recursion, and a hundred thousand of them end
// the process; no file of settings has this many dots.
constexpr std::ptrdiff_t most_dots = 10'000;
// A file that is written to meanwhile is read again.
constexpr int most_attempts = 5;

tl::unexpected<std::string> last_error() {
  return tl::unexpected<std::string>("can't be read: " +
                                     std::generic_category().message(errno));
}

class descriptor {
public:
  explicit descriptor(const std::filesystem::path &path)
      // Without O_NONBLOCK the opening of a pipe waits for its writer.
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  descriptor(const descriptor &) = delete;
  descriptor &operator=(const descriptor &) = delete;

  int number() const { return number_; }

private:
  int number_;
};

using read_text = tl::expected<std::string, std::string>;

read_text read_to_end(const descriptor &file) {
  std::string text;
  std::array<char, 16384> block{};
  while (text.size() <= largest_file) {
    auto got = ::read(file.number(), block.data(), block.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return last_error();
    if (got == 0)
      return text;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  return tl::unexpected<std::string>("is larger than 1 MiB");
}

bool is_same(const struct stat &left, const struct stat &right) {
  auto is_equal = [](const timespec &one, const timespec &other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
  };
  return left.st_size == right.st_size &&
         is_equal(left.st_mtim, right.st_mtim) &&
         is_equal(left.st_ctim, right.st_ctim);
}

/// Nothing when somebody wrote into the file meanwhile.
std::optional<read_text> read_once(const std::filesystem::path &path) {
  descriptor file(path);
  struct stat before = {};
  struct stat after = {};
  if (file.number() < 0 || ::fstat(file.number(), &before) != 0)
    return last_error();
  if (S_ISDIR(before.st_mode))
    return tl::unexpected<std::string>("is a directory, not a file");
  if (!S_ISREG(before.st_mode))
    return tl::unexpected<std::string>("is not a regular file");
  auto text = read_to_end(file);
  if (::fstat(file.number(), &after) != 0)
    return last_error();
  if (text && !is_same(before, after))
    return std::nullopt;
  return text;
}

read_text read_all(const std::filesystem::path &path) {
  for (int attempt = 0; attempt < most_attempts; ++attempt)
    if (auto text = read_once(path))
      return std::move(*text);
  return tl::unexpected<std::string>("changes while it is read");
}

/// The first line that is not UTF-8, from 1; 0 when all are.
int first_bad_line(std::string_view text) {
  int line = 1;
  for (; !text.empty(); ++line) {
    auto end = std::min(text.find('\n'), text.size());
    if (!is_utf8(text.substr(0, end)))
      return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return 0;
}

/// The dots that could be in keys: those in lines that are no comments.
std::ptrdiff_t count_dots(std::string_view text) {
  std::ptrdiff_t dots = 0;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    auto first = line.find_first_not_of(" \t");
    if (first != std::string_view::npos && line[first] != '#')
      dots += std::ranges::count(line, '.');
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return dots;
}

typed_value typed(const toml::node &node) {
  switch (node.type()) {
  case toml::node_type::integer:
    return node.as_integer()->get();
  case toml::node_type::string:
    return node.as_string()->get();
  case toml::node_type::table:
    return unfit{.kind = "a section", .is_section = true};
  case toml::node_type::array:
    return node.is_array_of_tables()
               ? unfit{.kind = "a list of sections", .is_section = true}
               : unfit{.kind = "a list"};
  case toml::node_type::floating_point:
    return unfit{"a number with a fraction"};
  case toml::node_type::boolean:
    return unfit{"true or false"};
  case toml::node_type::date:
  case toml::node_type::time:
  case toml::node_type::date_time:
    return unfit{"a date or a time"};
  case toml::node_type::none:
    break;
  }
  return unfit{"nothing"};
}

/// Lists the values of a table and of the sections in it.
class flattener {
public:
  explicit flattener(std::string file) : file_(std::move(file)) {}

  void add(const toml::table &table, const std::string &prefix) {
    for (auto &&[key, node] : table) {
      auto path = prefix + quoted_when_needed(key.str());
      const auto *inner = node.as_table();
      if (inner != nullptr && is_section(path))
        add(*inner, path + '.');
      else
        entries_.push_back({.key = path,
                            .found = typed(node),
                            .where = {.from = source::file,
                                      .name = file_,
                                      .line = line_of(key)}});
    }
  }

  std::vector<file_entry> in_order() && {
    std::ranges::stable_sort(
        entries_, {}, [](const file_entry &entry) { return entry.where.line; });
    return std::move(entries_);
  }

private:
  static std::string quoted_when_needed(std::string_view part) {
    bool plain = part.find('.') == std::string_view::npos && !part.empty();
    return plain ? std::string(part) : '"' + std::string(part) + '"';
  }

  static int line_of(const toml::key &key) {
    return static_cast<int>(key.source().begin.line);
  }

  std::string file_;
  std::vector<file_entry> entries_;
};

std::string complaint(const toml::parse_error &failure) {
  std::string text(failure.description());
  // This one message quotes a value, which may be a secret without quotes.
  if (text.find("representable") != std::string::npos)
    return "not TOML: a number needs more than 64 bits";
  return "not TOML: " + text;
}

} // namespace

tl::expected<std::vector<file_entry>, fault>
read_toml_file(const std::filesystem::path &path) {
  origin where{.from = source::file, .name = path.string()};
  auto refuse = [&](std::string why) {
    return tl::unexpected<fault>({.where = where, .problem = std::move(why)});
  };
  auto text = read_all(path);
  if (!text)
    return refuse(text.error());
  where.line = first_bad_line(*text);
  if (where.line > 0)
    return refuse("is not UTF-8");
  if (count_dots(*text) > most_dots)
    return refuse("has too many dotted keys");
  try {
    flattener all(path.string());
    all.add(toml::parse(std::string_view(*text), std::string_view("")), "");
    return std::move(all).in_order();
  } catch (const toml::parse_error &failure) {
    where.line = static_cast<int>(failure.source().begin.line);
    where.column = static_cast<int>(failure.source().begin.column);
    return refuse(complaint(failure));
  }
}

} // namespace sluice::config
