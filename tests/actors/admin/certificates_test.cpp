#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "actors/admin/certificate_folder.hpp"
#include "actors/admin/issue.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice::actors;
using sluice::tests::temporary_folder;

namespace {

namespace fs = std::filesystem;

std::string text_of_file(const fs::path &path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

mode_t mode_of(const fs::path &path) {
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

struct folder_fixture {
  folder_fixture() { REQUIRE(make_certificates(folder).value()); }

  temporary_folder scratch;
  fs::path folder = scratch.path() / "data" / "admin";
};

} // namespace

TEST_CASE_METHOD(folder_fixture, "the first start makes good certificates",
                 "[admin]") {
  const auto service = read_identity(folder, server_name);
  REQUIRE(service);
  const auto facts = check(*service, admin_role::service);
  REQUIRE(facts);
  CHECK(facts->name == "server");
  CHECK(facts->days_left > 3000);
  const auto first = read_identity(folder, operator_name);
  REQUIRE(first);
  CHECK(check(*first, admin_role::operates)->name == "operator");
}

TEST_CASE_METHOD(folder_fixture, "only their owner can read certificates",
                 "[admin]") {
  CHECK(mode_of(folder) == 0700);
  for (const auto &file : fs::directory_iterator(folder))
    CHECK(mode_of(file.path()) == 0600);
  // Nothing is left beside them.
  CHECK(std::distance(fs::directory_iterator(folder.parent_path()), {}) == 1);
}

TEST_CASE_METHOD(folder_fixture, "certificates that are there stay",
                 "[admin]") {
  const auto before = text_of_file(folder / "ca.crt");
  CHECK_FALSE(make_certificates(folder).value());
  CHECK(text_of_file(folder / "ca.crt") == before);
  fs::remove(folder / "server.crt");
  CHECK_FALSE(make_certificates(folder).value());
  CHECK_FALSE(fs::exists(folder / "server.crt"));
}

TEST_CASE_METHOD(folder_fixture, "a certificate is for one end only",
                 "[admin]") {
  CHECK_FALSE(check(*read_identity(folder, server_name), admin_role::operates));
  CHECK_FALSE(
      check(*read_identity(folder, operator_name), admin_role::service));
}

TEST_CASE_METHOD(folder_fixture, "what does not fit together is found",
                 "[admin]") {
  const auto good = *read_identity(folder, server_name);
  const auto fault_of = [](const identity &shown) {
    const auto facts = check(shown, admin_role::service);
    REQUIRE_FALSE(facts);
    // Never the key itself.
    CHECK(facts.error().find("BEGIN") == std::string::npos);
    return facts.error();
  };
  const auto other = make_authority().value();
  auto changed = good;
  changed.authority = other.certificate;
  CHECK(fault_of(changed).starts_with("the certificate is not good"));
  changed = good;
  changed.key = read_identity(folder, operator_name)->key;
  CHECK(fault_of(changed).starts_with("the key is not the certificate's"));
  changed = good;
  changed.key = "rubbish";
  CHECK(fault_of(changed).starts_with("the key can't be read"));
  changed = good;
  changed.certificate.resize(changed.certificate.size() / 2);
  CHECK(fault_of(changed).starts_with("the certificate can't be read"));
  changed = good;
  changed.authority.clear();
  CHECK(fault_of(changed) == "ca.crt holds no certificate");
}

TEST_CASE_METHOD(folder_fixture, "a key that others can read is refused",
                 "[admin]") {
  fs::permissions(folder / "server.key", fs::perms::group_read,
                  fs::perm_options::add);
  const auto read = read_identity(folder, server_name);
  REQUIRE_FALSE(read);
  CHECK(read.error().find("others may read this key") != std::string::npos);
}

TEST_CASE_METHOD(folder_fixture, "what is no certificate file is refused",
                 "[admin]") {
  fs::remove(folder / "server.key");
  CHECK_FALSE(read_identity(folder, server_name));
  fs::create_directory(folder / "server.key");
  CHECK_FALSE(read_identity(folder, server_name));
  fs::remove(folder / "server.key");
  REQUIRE(::mkfifo((folder / "server.key").c_str(), 0600) == 0);
  CHECK_FALSE(read_identity(folder, server_name));
  fs::remove(folder / "server.key");
  std::ofstream(folder / "server.key") << std::string(300'000, 'k');
  fs::permissions(folder / "server.key", fs::perms::owner_read);
  CHECK_FALSE(read_identity(folder, server_name));
}

TEST_CASE_METHOD(folder_fixture, "another operator gets a folder to use",
                 "[admin]") {
  const auto into = scratch.path() / "ada";
  REQUIRE(issue_operator(folder, "ada@example.org", into));
  const auto issued = read_identity(into, operator_name);
  REQUIRE(issued);
  CHECK(check(*issued, admin_role::operates)->name == "ada@example.org");
  CHECK(mode_of(into) == 0700);
  CHECK_FALSE(fs::exists(into / "ca.key"));
  CHECK_FALSE(issue_operator(folder, "bob", into));
}

TEST_CASE_METHOD(folder_fixture, "an operator's name is a plain one",
                 "[admin]") {
  const auto into = scratch.path() / "new";
  for (const std::string name :
       {"", "a b", "a/b", "a\nb", "a\x1b", "\xc3\xa4", "a,b"})
    CHECK_FALSE(issue_operator(folder, name, into));
  CHECK_FALSE(issue_operator(folder, std::string(65, 'a'), into));
  CHECK_FALSE(fs::exists(into));
}
