#include "http/out/secret_box.hpp"

#include <fstream>
#include <future>
#include <sstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/support/temporary_folder.hpp"

namespace sluice::tests {

namespace {

namespace fs = std::filesystem;
using http::secret_box;

std::string key_line(char id, char digit) {
  return std::string(8, id) + ' ' + std::string(64, digit) + '\n';
}

/// A key file with this text.
class key_file {
public:
  explicit key_file(const std::string &text, mode_t mode = 0600) {
    std::ofstream(path()) << text;
    ::chmod(path().c_str(), mode);
  }
  fs::path path() const { return folder_.path() / "secrets.key"; }
  std::shared_ptr<const secret_box> open() const {
    return secret_box::open(path()).value();
  }
  std::string error() const {
    const auto box = secret_box::open(path());
    return box ? "" : box.error();
  }

private:
  temporary_folder folder_;
};

std::string text_of(const fs::path &path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

bool has(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the first start makes a key file, for its owner only") {
  const temporary_folder folder;
  const auto path = folder.path() / "a" / "b" / "secrets.key";
  const auto first = secret_box::open(path).value();
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600);
  CHECK(std::distance(fs::directory_iterator(path.parent_path()), {}) == 1);
  const auto text = text_of(path);
  const auto sealed = first->seal("whsec_x").value();
  // The second start has the same.
  CHECK(secret_box::open(path).value()->unseal(sealed) == "whsec_x");
  CHECK(text_of(path) == text);
}

TEST_CASE("of several first starts one makes the file, and all read it") {
  const temporary_folder folder;
  const auto path = folder.path() / "secrets.key";
  std::vector<std::future<std::shared_ptr<const secret_box>>> boxes;
  for (int i = 0; i < 8; ++i)
    boxes.push_back(std::async(std::launch::async,
                               [&] { return secret_box::open(path).value(); }));
  const auto first = boxes[0].get();
  const auto sealed = first->seal("secret").value();
  for (std::size_t i = 1; i < boxes.size(); ++i)
    CHECK(boxes[i].get()->unseal(sealed) == "secret");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("what is sealed comes out as it went in") {
  const key_file file(key_line('a', '1'));
  const auto box = file.open();
  const auto plain = GENERATE(as<std::string>(), "", "x", "whsec_abc",
                              std::string(5000, '\0'));
  const auto sealed = box->seal(plain).value();
  CHECK(box->unseal(sealed) == plain);
  CHECK(sealed != box->seal(plain).value());
  CHECK((plain.size() < 2 || !has(sealed, plain)));
}

TEST_CASE("no bit of what is sealed can be changed") {
  const key_file file(key_line('a', '1') + key_line('b', '2'));
  const auto box = file.open();
  const auto sealed = box->seal("secret").value();
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    auto other = sealed;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    CHECK_FALSE(box->unseal(other));
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    CHECK_FALSE(box->unseal(sealed.substr(0, size)));
  CHECK_FALSE(box->unseal(sealed + '\0'));
}

TEST_CASE("another key unseals nothing, also one of the same id") {
  const key_file file(key_line('a', '1'));
  const key_file other_id(key_line('b', '1'));
  const key_file other_key(key_line('a', '2'));
  const auto sealed = file.open()->seal("secret").value();
  CHECK_FALSE(other_id.open()->unseal(sealed));
  CHECK_FALSE(other_key.open()->unseal(sealed));
}

TEST_CASE("a key that was put first seals, and the older ones unseal") {
  const key_file before(key_line('a', '1'));
  const key_file after("# new\n\n" + key_line('b', '2') + key_line('a', '1'));
  const auto old = before.open()->seal("secret").value();
  const auto box = after.open();
  CHECK(box->unseal(old) == "secret");
  const auto fresh = box->seal("secret").value();
  CHECK_FALSE(before.open()->unseal(fresh));
  const key_file retired(key_line('b', '2'));
  CHECK(retired.open()->unseal(fresh) == "secret");
  CHECK_FALSE(retired.open()->unseal(old));
}

TEST_CASE("a key file with rights for others is refused") {
  const auto mode = GENERATE(0644, 0640, 0660, 0604, 0601);
  const key_file file(key_line('a', '1'), static_cast<mode_t>(mode));
  CHECK(has(file.error(), "others than its owner have rights to it"));
  CHECK(has(file.error(), file.path()));
}

TEST_CASE("a key file that is wrong says in which line") {
  const auto good = key_line('a', '1');
  CHECK(has(key_file(good + "nonsense\n").error(), "line 2 is not"));
  CHECK(has(key_file("\n#\n" + good.substr(1)).error(), "line 3 is not"));
  CHECK(has(key_file("aaaaaaaa " + std::string(63, '1')).error(), "line 1"));
  CHECK(has(key_file("aaaaaaaa " + std::string(64, 'g')).error(), "line 1"));
  CHECK(has(key_file(good + key_line('a', '2')).error(),
            "line 2 has the id of a key above"));
  CHECK(has(key_file("").error(), "has no key"));
  CHECK(has(key_file(std::string(70'000, '\n')).error(), "64 KiB"));
}

TEST_CASE("an error names no key") {
  const auto key = std::string(63, '7') + "x";
  CHECK_FALSE(has(key_file("aaaaaaaa " + key).error(), "777"));
}

TEST_CASE("what is no file is refused") {
  const temporary_folder folder;
  const auto box = secret_box::open(folder.path());
  REQUIRE_FALSE(box);
  CHECK(has(box.error(), "is no plain file"));
  const auto below_file = secret_box::open("/proc/version/secrets.key");
  REQUIRE_FALSE(below_file);
  CHECK(has(below_file.error(), "could not be"));
}

} // namespace sluice::tests
