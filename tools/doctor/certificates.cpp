#include "tools/doctor/certificates.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "actors/admin/identity.hpp"

namespace sluice::tools {

namespace fs = std::filesystem;

namespace {

json look_at_file(const fs::path &path) {
  const bool is_key = path.extension() == ".key";
  json out = {{"file", path.filename().string()},
              {"days_left", nullptr},
              {"mode", nullptr},
              {"is_key", is_key},
              {"fault", nullptr}};
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0)
    out["mode"] = found.st_mode & 07777U;
  if (is_key)
    return out;
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (const auto left = actors::days_left(text))
    out["days_left"] = *left;
  else
    out["fault"] = left.error();
  return out;
}

} // namespace

json look_at_certificates(const fs::path &folder) {
  json out = {{"folder", folder.string()},
              {"fault", nullptr},
              {"files", json::array()}};
  std::error_code failure;
  for (const auto *name : {"ca.crt", "ca.key", "server.crt", "server.key",
                           "operator.crt", "operator.key"})
    if (fs::exists(folder / name, failure))
      out["files"].push_back(look_at_file(folder / name));
  if (out["files"].empty())
    out["fault"] = failure ? failure.message() : "there are none";
  return out;
}

} // namespace sluice::tools
