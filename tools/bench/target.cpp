#include "tools/bench/target.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "db/store.hpp"
#include "tools/bench/failure.hpp"
#include "tools/bench/requests.hpp"

namespace sluice::tools {

std::unique_ptr<target>
target::make_sqlite(const std::filesystem::path &parent) {
  std::unique_ptr<target> made(new target("sqlite", parent));
  made->url_ = "sqlite:" + (made->folder() / "sluice.db").string();
  made->set_up();
  return made;
}

std::unique_ptr<target>
target::make_postgres(const std::filesystem::path &parent,
                      const std::string &server_url) {
  std::unique_ptr<target> made(new target("postgres", parent));
  auto name = "sluice_bench_" + db::uuid::generate_v4().to_string();
  std::replace(name.begin(), name.end(), '-', '_');
  made->url_ = must(db::create_database(server_url, name));
  made->server_url_ = server_url;
  made->database_ = name;
  made->set_up();
  return made;
}

target::target(std::string kind, const std::filesystem::path &parent)
    : kind_(std::move(kind)), folder_(parent) {}

target::~target() {
  // Without the database's server there is nothing to drop.
  if (!database_.empty())
    static_cast<void>(db::drop_database(server_url_, database_));
}

void target::set_up() {
  auto source = must(db::open_store({.url = url_, .clock = {}}));
  must(source->migrate());
  auto session = must(source->connect(db::purpose::work));
  db::organization owner;
  owner.id = db::organization_id::generate();
  owner.name = "bench";
  owner.tier = "enterprise";
  owner.inserted_at = db::system_now();
  db::api_key key;
  key.id = db::api_key_id::generate();
  key.organization = owner.id;
  // A key that nobody has: raw loops need none.
  key.hash = db::sha256(db::uuid::generate_v4().to_string());
  key.prefix = "bench";
  key.inserted_at = owner.inserted_at;
  must(session->create_organization(owner, key));
  sample_ = {owner.id, std::string(event_type()), event_payload()};
}

std::unique_ptr<db::baseline> target::raw() const {
  return must(db::open_baseline(url_));
}

} // namespace sluice::tools
