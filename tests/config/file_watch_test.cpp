#include "config/file_watch.hpp"

#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/config/scratch.hpp"

namespace sluice::tests {

namespace {

using verdict = config::file_watch::verdict;
namespace fs = std::filesystem;

struct watch_fixture {
  /// Makes the watch look until it knows what to say.
  bool has_changed(config::file_watch &watch) {
    auto said = watch.look();
    for (int looks = 0; said == verdict::settling && looks < 100; ++looks)
      said = watch.look();
    CHECK(said != verdict::settling);
    return said == verdict::changed;
  }

  /// A change and its notice, which ends with a read.
  bool notices(config::file_watch &watch) {
    auto said = has_changed(watch);
    watch.begin_read();
    return said;
  }

  scratch_folder folder;
};

} // namespace

TEST_CASE_METHOD(watch_fixture, "a file that comes, goes or is written to is "
                                "noticed") {
  config::file_watch watch(folder.path() / "f.toml");
  watch.begin_read();
  CHECK(watch.look() == verdict::same);
  auto path = folder.write("f.toml", "a");
  CHECK(notices(watch));
  folder.write("f.toml", "bb");
  CHECK(notices(watch));
  CHECK(::chmod(path.c_str(), 0) == 0);
  CHECK(notices(watch));
  fs::remove(path);
  CHECK(notices(watch));
  CHECK(watch.look() == verdict::same);
}

TEST_CASE_METHOD(watch_fixture, "a file that takes its place is noticed") {
  auto path = folder.write("f.toml", "a");
  config::file_watch watch(path);
  watch.begin_read();
  fs::rename(folder.write("next", "b"), path);
  CHECK(notices(watch));
}

TEST_CASE_METHOD(watch_fixture, "a link that points elsewhere is noticed") {
  // As mounted ConfigMaps do it: f.toml -> ..data/f.toml, ..data -> a folder.
  for (const auto *name : {"one", "two"}) {
    fs::create_directory(folder.path() / name);
    folder.write(std::string(name) + "/f.toml", name);
  }
  fs::create_directory_symlink("one", folder.path() / "..data");
  fs::create_symlink("..data/f.toml", folder.path() / "f.toml");
  config::file_watch watch(folder.path() / "f.toml");
  watch.begin_read();
  fs::create_directory_symlink("two", folder.path() / "..next");
  fs::rename(folder.path() / "..next", folder.path() / "..data");
  CHECK(notices(watch));
}

TEST_CASE_METHOD(watch_fixture, "a file that somebody writes to is left alone, "
                                "but not for ever") {
  auto path = folder.write("f.toml", "a");
  config::file_watch watch(path);
  watch.begin_read();
  std::string content;
  int looks = 0;
  do {
    folder.write("f.toml", content += "more");
  } while (watch.look() == verdict::settling && ++looks < 100);
  CHECK(looks > 2);
  CHECK(looks < 20);
}

TEST_CASE_METHOD(watch_fixture, "a file that was written to a moment ago is "
                                "read once more") {
  auto path = folder.write("f.toml", "a");
  config::file_watch watch(path);
  watch.begin_read();
  // A change within the same tick of the file's clock could not be seen.
  CHECK(watch.look() == verdict::changed);
}

} // namespace sluice::tests
