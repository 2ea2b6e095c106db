#include "tests/config/scratch.hpp"

#include <fstream>

#include <catch2/catch.hpp>

namespace sluice::tests {

std::filesystem::path scratch_folder::write(std::string_view name,
                                            std::string_view content) const {
  auto path = folder_.path() / name;
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  REQUIRE(file);
  return path;
}

config::sources no_sources() {
  config::sources none;
  none.default_file = "/nonexistent/sluice.toml";
  return none;
}

config::loaded load_good(const config::sources &from) {
  auto found = config::load(from);
  if (!found)
    for (const auto &fault : found.error())
      UNSCOPED_INFO(config::to_string(fault));
  REQUIRE(found.has_value());
  return *found;
}

std::vector<std::string> faults_of(const config::sources &from) {
  std::vector<std::string> out;
  auto found = config::load(from);
  if (found)
    return out;
  for (const auto &fault : found.error())
    out.push_back(config::to_string(fault));
  if (!from.file)
    return out;
  auto folder = from.file->parent_path().string() + "/";
  for (auto &line : out)
    for (auto at = line.find(folder); at != std::string::npos;
         at = line.find(folder))
      line.erase(at, folder.size());
  return out;
}

std::vector<std::string> faults_of_file(std::string_view content) {
  scratch_folder folder;
  auto from = no_sources();
  from.file = folder.write("f.toml", content);
  return faults_of(from);
}

std::string joined(const std::vector<std::string> &faults) {
  std::string out;
  for (const auto &line : faults)
    out += line + '\n';
  return out;
}

} // namespace sluice::tests
