#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <catch2/catch.hpp>

#include "config/describe.hpp"
#include "config/interpret.hpp"
#include "tests/config/scratch.hpp"

namespace sluice::tests {

using namespace config;
using namespace std::chrono_literals;

namespace {

config::sources with_file(const scratch_folder &folder,
                          std::string_view content) {
  auto from = no_sources();
  from.file = folder.write("f.toml", content);
  return from;
}

std::string only_fault(const config::sources &from) {
  auto all = faults_of(from);
  INFO(joined(all));
  REQUIRE(all.size() == 1);
  return all.front();
}

} // namespace

TEST_CASE("without sources every setting has its default") {
  auto found = load_good(no_sources());
  CHECK(found.origins.empty());
  CHECK_FALSE(found.file);
  for (const auto &row : descriptions()) {
    CHECK(row.get(found.values) == default_of(row));
    CHECK(to_string(found.origin_of(row.key)) == "default");
  }
}

TEST_CASE("a file sets values of every type") {
  scratch_folder folder;
  auto found = load_good(with_file(folder, R"(
# a comment
store.url = "postgresql://h/db"

[http]
listen = "[::1]:80"
max_payload = 65_536

[processor]
max_concurrency = 0x10
min_poll_interval = "50ms"

[dedup]
window = "30d"

[auth]
open_signup = "any"
admin_token = 'literal\0123456789'

[node]
name = "n1"
)"));
  CHECK(found.values.store.url == "postgresql://h/db");
  CHECK(found.values.http.listen == "[::1]:80");
  CHECK(found.values.http.max_payload == 65'536);
  CHECK(found.values.processor.max_concurrency == 16);
  CHECK(found.values.processor.min_poll_interval == 50ms);
  CHECK(found.values.dedup.window == 720h);
  CHECK(found.values.auth.signup == open_signup::any);
  CHECK(found.values.auth.admin_token == "literal\\0123456789");
  CHECK(found.values.node.name == "n1");
  CHECK(found.origin_of("processor.max_concurrency").line == 10);
  CHECK(found.origins.size() == 9);
}

TEST_CASE("a file may be empty, start with a mark or end lines with CR LF") {
  scratch_folder folder;
  CHECK(load_good(with_file(folder, "")).origins.empty());
  auto found = load_good(
      with_file(folder, "\xef\xbb\xbf[log]\r\nlevel = \"debug\"\r\n"));
  CHECK(found.values.log.level == "debug");
}

TEST_CASE("sections may be written inline or with dotted keys") {
  scratch_folder folder;
  auto found = load_good(
      with_file(folder, "log = {level = \"error\"}\nhttp.listen = \"h:1\""));
  CHECK(found.values.log.level == "error");
  CHECK(found.values.http.listen == "h:1");
}

TEST_CASE("the environment goes before the file, --set before both") {
  scratch_folder folder;
  auto from = with_file(folder, "[processor]\nmax_concurrency = 1\n"
                                "batch_size = 1\nmax_attempts = 1\n");
  from.environment = {"SLUICE_PROCESSOR_BATCH_SIZE=2",
                      "SLUICE_PROCESSOR_MAX_ATTEMPTS=2", "PATH=/bin"};
  from.overrides = {"processor.max_attempts=3"};
  auto found = load_good(from);
  CHECK(found.values.processor.max_concurrency == 1);
  CHECK(found.values.processor.batch_size == 2);
  CHECK(found.values.processor.max_attempts == 3);
  auto place = [&](std::string_view key) {
    return to_string(found.origin_of(key));
  };
  CHECK(place("processor.max_concurrency") == from.file->string() + ":2");
  CHECK(place("processor.batch_size") == "SLUICE_PROCESSOR_BATCH_SIZE");
  CHECK(place("processor.max_attempts") == "--set");
  CHECK(place("processor.retry_backoff") == "default");
}

TEST_CASE("of two --set for one key the later one holds") {
  auto from = no_sources();
  from.overrides = {"log.level=debug", "log.level=error"};
  CHECK(load_good(from).values.log.level == "error");
}

TEST_CASE("a value may hold an equals sign") {
  auto from = no_sources();
  from.overrides = {"store.url=postgresql://h/db?sslmode=require"};
  CHECK(load_good(from).values.store.url ==
        "postgresql://h/db?sslmode=require");
}

TEST_CASE("every setting can be set from the environment and with --set") {
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    auto text = to_text(row, default_of(row));
    if (text.empty())
      text = row.choices.empty() ? "0123456789abcdef" : row.choices.front();
    auto from = no_sources();
    from.environment = {environment_name(row.key) + "=" + text};
    CHECK(load_good(from).origin_of(row.key).from == source::environment);
    from.overrides = {std::string(row.key) + "=" + text};
    CHECK(load_good(from).origin_of(row.key).from == source::command_line);
  }
}

TEST_CASE("the option --config goes before SLUICE_CONFIG, that before the "
          "default file") {
  scratch_folder folder;
  auto named = folder.write("named.toml", "node.name = \"named\"");
  auto variable = folder.write("variable.toml", "node.name = \"variable\"");
  auto from = no_sources();
  from.default_file = folder.write("default.toml", "node.name = \"default\"");
  CHECK(load_good(from).values.node.name == "default");
  from.environment = {"SLUICE_CONFIG=" + variable.string()};
  CHECK(load_good(from).values.node.name == "variable");
  from.file = named;
  auto found = load_good(from);
  CHECK(found.values.node.name == "named");
  CHECK(found.file == named);
}

TEST_CASE("the default file may be absent, a named one may not") {
  auto from = no_sources();
  from.file = "/nonexistent/f.toml";
  CHECK(only_fault(from) == "f.toml: can't be read: No such file or directory");
  from.file.reset();
  from.environment = {"SLUICE_CONFIG=/nonexistent/f.toml"};
  CHECK(only_fault(from) ==
        "/nonexistent/f.toml: can't be read: No such file or directory");
  from.environment = {"SLUICE_CONFIG="};
  CHECK(only_fault(from) == "SLUICE_CONFIG: is empty; it has to name a file");
  from.file = "";
  CHECK(only_fault(from) == "--config: is empty; it has to name a file");
}

TEST_CASE("a default file that can't be read is a fault") {
  scratch_folder folder;
  auto from = no_sources();
  from.default_file = folder.path() / "link.toml";
  std::filesystem::create_symlink("nowhere", from.default_file);
  CHECK_THAT(only_fault(from), Catch::Contains("can't be read"));
}

TEST_CASE("what is no file is refused without waiting") {
  scratch_folder folder;
  auto from = no_sources();
  from.file = folder.path();
  CHECK_THAT(only_fault(from), Catch::Contains("is a directory, not a file"));
  from.file = folder.path() / "pipe";
  REQUIRE(mkfifo(from.file->c_str(), 0600) == 0);
  CHECK(only_fault(from) == "pipe: is not a regular file");
  from.file = "/dev/zero";
  CHECK(only_fault(from) == "zero: is not a regular file");
}

TEST_CASE("a file without permission is refused") {
  if (geteuid() == 0)
    return; // nothing is forbidden to root
  scratch_folder folder;
  auto from = with_file(folder, "");
  REQUIRE(chmod(from.file->c_str(), 0) == 0);
  CHECK(only_fault(from) == "f.toml: can't be read: Permission denied");
}

TEST_CASE("a file of 1 MiB is read, a larger one is not") {
  scratch_folder folder;
  std::string comment(1024UL * 1024, '#');
  CHECK(load_good(with_file(folder, comment)).origins.empty());
  CHECK(only_fault(with_file(folder, comment + '#')) ==
        "f.toml: is larger than 1 MiB");
}

TEST_CASE("the faults of all sources come at once, in order") {
  scratch_folder folder;
  auto from = with_file(folder, "z = 1\n[store]\nreaders = 0\n"
                                "[http]\nlisten = 5\nlisten_on = \"\"\n");
  from.environment = {"SLUICE_LOG_LEVEL=loud", "SLUICE_HTTP_LISTN=h:1"};
  from.overrides = {"log.format=xml", "ingest.max_batch", "node.name=a b"};
  CHECK(joined(faults_of(from)) ==
        R"(f.toml:1: z: unknown setting
f.toml:3: store.readers: has to be from 1 to 64, not 0
f.toml:5: http.listen: has to be text in quotes, not a number
f.toml:6: http.listen_on: unknown setting; did you mean http.listen?
SLUICE_HTTP_LISTN: unknown setting; did you mean SLUICE_HTTP_LISTEN?
SLUICE_LOG_LEVEL: log.level: has to be debug, info, warning or error, not "loud"
--set: log.format: has to be text or json, not "xml"
--set: ingest.max_batch: has no value; write key=value
--set: node.name: may hold only letters, digits and . _ : -
)");
}

TEST_CASE("a value that a higher source replaces is checked all the same") {
  scratch_folder folder;
  auto from = with_file(folder, "store.readers = 0");
  from.overrides = {"store.readers=3"};
  CHECK(only_fault(from) ==
        "f.toml:1: store.readers: has to be from 1 to 64, not 0");
}

TEST_CASE("endless faults are cut short") {
  std::string content;
  for (int number = 0; number < 3000; ++number)
    content += "k" + std::to_string(number) + " = 1\n";
  auto all = faults_of_file(content);
  REQUIRE(all.size() == 1001);
  CHECK(all.back() ==
        "f.toml:1001: more faults follow; the first 1000 are listed");
}

TEST_CASE("loading again gives the same") {
  scratch_folder folder;
  auto from = with_file(folder, "store.readers = 3");
  CHECK(load_good(from).values.store.readers == 3);
  CHECK(load_good(from).values.store.readers == 3);
}

} // namespace sluice::tests
