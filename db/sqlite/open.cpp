#include "db/sqlite/open.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "db/sqlite/errors.hpp"
#include "db/sqlite/migrations.hpp"
#include "db/sqlite/schema.hpp"
#include "db/sqlite/session.hpp"

namespace sluice::db {

namespace {

using namespace sqlite;
namespace fs = std::filesystem;

constexpr std::string_view scheme = "sqlite:";

class sqlite_source final : public store_source {
public:
  explicit sqlite_source(std::shared_ptr<database_file> file)
      : file_(std::move(file)) {}

  result<std::unique_ptr<store>> connect(purpose what_for) override {
    try {
      // The reader shows whether the schema is right before the writer, which
      // would turn a foreign file into one with a WAL, has opened anything.
      auto reader = open_reader();
      if (what_for != purpose::read)
        if (auto ready = file_->changes.make_ready(); !ready)
          return tl::unexpected(std::move(ready.error()));
      return std::make_unique<session>(file_, std::move(reader));
    } catch (const std::exception &cause) {
      return tl::unexpected(as_unavailable("connect", cause));
    }
  }

  result<schema_state> schema() override {
    try {
      return schema_state{schema_version(file_->path), known_version()};
    } catch (const std::exception &cause) {
      return tl::unexpected(as_unavailable("schema", cause));
    }
  }

  result<int> migrate() override {
    return file_->changes.migrate(file_->now());
  }

  std::string describe() const override { return file_->options.url; }

private:
  std::unique_ptr<connection> open_reader() {
    std::error_code failure;
    if (!fs::exists(file_->path, failure) && !failure)
      require_known(0);
    auto reader = std::make_unique<connection>(file_->path,
                                               connection::access::read_only);
    reader->set_deadline(connection::clock::now() +
                         file_->options.connect_timeout);
    require_known(schema_version(*reader));
    return reader;
  }

  /// Without a session there is nothing else to do than to try again later,
  /// unless it is the schema.
  static error as_unavailable(std::string_view operation,
                              const std::exception &cause) {
    auto failure = sqlite::describe(operation, cause);
    if (failure.code != errc::schema)
      failure.code = errc::unavailable;
    return failure;
  }

  std::shared_ptr<database_file> file_;
};

/// Makes the folders that are missing, for this user only: events are inside.
result<void> make_folders(const fs::path &folder) {
  fs::path made;
  for (const auto &part : folder) {
    made /= part;
    std::error_code failure;
    if (fs::exists(made, failure))
      continue;
    if (::mkdir(made.c_str(), 0700) != 0 && errno != EEXIST)
      return fail(errc::unavailable, "open: can't make the folder " +
                                         made.string() + ": " +
                                         std::strerror(errno));
  }
  return {};
}

/// The one path that names the file, so that its lock has one name too.
result<fs::path> canonical_path(std::string_view text) {
  std::error_code failure;
  auto path =
      fs::weakly_canonical(fs::absolute(fs::path(text), failure), failure);
  if (failure)
    return fail(errc::unavailable,
                "open: the path " + std::string(text) +
                    " can't be followed: " + failure.message());
  if (!path.has_filename() || fs::is_directory(path, failure))
    return fail(errc::unavailable,
                "open: " + std::string(text) + " is a folder, not a file");
  return path;
}

} // namespace

result<std::shared_ptr<store_source>>
open_sqlite(const store_options &options) {
  std::string_view text = options.url;
  text.remove_prefix(text.starts_with(scheme) ? scheme.size() : 0);
  if (text.empty() || text == ":memory:" ||
      text.find('\0') != std::string_view::npos)
    return fail(errc::unavailable,
                "open: store.url has to name a file: sqlite:PATH");
  auto path = canonical_path(text);
  if (!path)
    return tl::unexpected(std::move(path.error()));
  if (auto made = make_folders(path->parent_path()); !made)
    return tl::unexpected(std::move(made.error()));
  auto lock = process_lock::acquire(*path);
  if (!lock)
    return tl::unexpected(std::move(lock.error()));
  // An aggregate that can't be moved: std::make_shared has no way to make it.
  // NOLINTNEXTLINE(modernize-make-shared)
  return std::make_shared<sqlite_source>(std::shared_ptr<database_file>(
      new database_file{std::move(*lock), path->string(), options,
                        writer(path->string(), options.call_timeout)}));
}

} // namespace sluice::db
