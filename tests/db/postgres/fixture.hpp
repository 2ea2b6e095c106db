#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <pqxx/pqxx>

#include "db/postgres/open.hpp"
#include "tests/support/factories.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/store_under_test.hpp"

namespace sluice::tests {

using namespace std::chrono_literals;

/// A server of the test's own with a migrated store and one tenant on it.
class own_server {
public:
  own_server() : source_(open(cluster_.uri())) {
    value_of(source_->migrate());
    auto made = make_tenant();
    value_of(connect()->create_organization(made.owner, made.key));
    owner_ = made.id();
  }

  postgres_cluster &cluster() { return cluster_; }
  db::organization_id owner() const { return owner_; }
  std::unique_ptr<db::store> connect() {
    return value_of(source_->connect(db::purpose::work));
  }
  db::store_source &source() { return *source_; }

  /// Another way to the same store: through a proxy, or with less patience.
  static std::shared_ptr<db::store_source>
  open(const std::string &uri,
       std::chrono::milliseconds call_timeout = 15000ms) {
    db::store_options options;
    options.url = uri;
    options.call_timeout = call_timeout;
    return value_of(db::open_postgres(options));
  }

  /// What a person with psql sees; the answer's first field.
  std::string ask(const std::string &sql) {
    pqxx::connection connection(cluster_.uri());
    pqxx::nontransaction work(connection);
    auto rows = work.exec(sql);
    return rows.empty() ? "" : rows[0][0].c_str();
  }

  /// Copies of that event, wherever they are.
  std::string copies(db::event_id id) {
    return ask("SELECT (SELECT count(*) FROM event_queue WHERE id = '" +
               id.to_string() +
               "') + (SELECT count(*) FROM events WHERE id = '" +
               id.to_string() + "')");
  }

private:
  postgres_cluster cluster_;
  std::shared_ptr<db::store_source> source_;
  db::organization_id owner_;
};

} // namespace sluice::tests
