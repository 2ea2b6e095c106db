#include "config/compare.hpp"

#include <catch2/catch.hpp>

#include "tests/config/scratch.hpp"

namespace sluice::tests {

namespace {

/// What holds in a service that began with the defaults.
config::standing
standing_of(const config::sources &from,
            const std::vector<config::override_value> &overrides = {}) {
  auto found = load_good(from);
  auto now = config::merge({}, found, overrides);
  REQUIRE(now);
  return {found, *now};
}

std::string lines_of(const std::vector<config::difference> &all) {
  std::string out;
  for (const auto &one : all)
    out += one.key + " " + std::string(to_string(one.what)) + ": '" +
           one.before + "' '" + one.after + "'\n";
  return out;
}

struct file_fixture {
  config::standing
  with(const std::string &content,
       const std::vector<config::override_value> &overrides = {}) {
    auto from = no_sources();
    from.file = folder.write("f.toml", content);
    from.overrides = {"processor.max_attempts=9"};
    return standing_of(from, overrides);
  }

  scratch_folder folder;
};

} // namespace

TEST_CASE_METHOD(file_fixture, "a difference says what came of it") {
  auto before = with("[processor]\nbatch_size = 1\nyield_share = 1\n");
  auto after = with("[processor]\nbatch_size = 2\nmax_attempts = 3\n"
                    "yield_share = 1\n[http]\nmax_connections = 7\n");
  CHECK(lines_of(compare(before, after)) ==
        "http.max_connections restart: '1024' '7'\n"
        "processor.batch_size applied: '1' '2'\n"
        "processor.max_attempts outranked: '' '3'\n");
  CHECK(compare(after, after).empty());
  CHECK(to_string(compare(before, after)[1].where).ends_with("f.toml:2"));
}

TEST_CASE_METHOD(file_fixture, "an override outranks the file") {
  const std::vector<config::override_value> seven = {
      {"processor.batch_size", "7"}};
  auto before = with("", seven);
  auto after = with("[processor]\nbatch_size = 2\n", seven);
  CHECK(lines_of(compare(before, after)) ==
        "processor.batch_size outranked: '' '2'\n");
  CHECK(lines_of(compare(after, with("[processor]\nbatch_size = 2\n"))) ==
        "processor.batch_size applied: '7' '2'\n");
}

TEST_CASE_METHOD(file_fixture, "a restart that is not needed any more is not "
                               "asked for") {
  auto before = with("[http]\nmax_connections = 7\n");
  CHECK(before.now.waiting == std::vector<std::string>{"http.max_connections"});
  auto after = with("");
  CHECK(after.now.waiting.empty());
  CHECK(compare(before, after).empty());
}

TEST_CASE_METHOD(file_fixture, "differences show no secret") {
  auto before = with("[auth]\nadmin_token = \"0123456789abcdef-one\"\n");
  auto after = with("[auth]\nadmin_token = \"0123456789abcdef-two\"\n");
  CHECK(lines_of(compare(before, after)) ==
        "auth.admin_token applied: '***' '***'\n");
}

} // namespace sluice::tests
