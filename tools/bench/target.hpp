#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "db/baseline/baseline.hpp"
#include "tools/bench/scratch_folder.hpp"

namespace sluice::tools {

/// A fresh, migrated database with one organization, for one scenario; gone
/// with the object.
class target {
public:
  /// A SQLite file in a folder below `parent`.
  static std::unique_ptr<target>
  make_sqlite(const std::filesystem::path &parent);
  /// A database on the server that `server_url` names.
  static std::unique_ptr<target>
  make_postgres(const std::filesystem::path &parent,
                const std::string &server_url);

  ~target();
  target(const target &) = delete;
  target &operator=(const target &) = delete;

  /// "sqlite" or "postgres".
  const std::string &kind() const { return kind_; }
  bool is_postgres() const { return kind_ == "postgres"; }
  /// For `store_options`.
  const std::string &url() const { return url_; }
  const std::filesystem::path &folder() const { return folder_.path(); }
  /// What raw loops write, for the organization that is there.
  const db::sample_event &sample() const { return sample_; }

  /// Raw access. SQLite: not while a service or a store has the file.
  std::unique_ptr<db::baseline> raw() const;

private:
  target(std::string kind, const std::filesystem::path &parent);
  void set_up();

  std::string kind_;
  scratch_folder folder_;
  std::string url_;
  std::string server_url_;
  std::string database_;
  db::sample_event sample_;
};

} // namespace sluice::tools
