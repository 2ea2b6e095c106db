#include "tests/support/store_under_test.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <SQLiteCpp/Database.h>
#include <pqxx/pqxx>

#include "tests/support/temporary_folder.hpp"

namespace sluice::tests {

namespace {

constexpr char postgres_variable[] = "SLUICE_TEST_POSTGRES";

std::string superuser_uri() {
  const char *uri = std::getenv(postgres_variable);
  return uri != nullptr ? uri : "";
}

/// `uri` with another database's name in the place of its own.
std::string with_database(const std::string &uri, const std::string &name) {
  auto authority = uri.find("//") + 2;
  auto query = uri.find('?', authority);
  auto slash = uri.find('/', authority);
  auto rest = query == std::string::npos ? "" : uri.substr(query);
  auto host = uri.substr(0, std::min({slash, query, uri.size()}));
  return host + "/" + name + rest;
}

std::string fresh_name(std::string_view prefix) {
  auto name = std::string(prefix) + db::uuid::generate_v4().to_string();
  std::erase(name, '-');
  return name;
}

void as_superuser(const std::string &sql) {
  pqxx::connection connection(superuser_uri());
  pqxx::nontransaction work(connection);
  work.exec(sql);
}

/// A migrated database that tests copy: faster than a migration for each.
class template_database {
public:
  template_database() : name_(fresh_name("sluice_template_")) {
    as_superuser("CREATE DATABASE " + name_);
    db::store_options options;
    options.url = with_database(superuser_uri(), name_);
    value_of(value_of(db::open_store(options))->migrate());
  }
  template_database(const template_database &) = delete;
  template_database &operator=(const template_database &) = delete;
  ~template_database() {
    try {
      as_superuser("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception &failure) {
      std::fprintf(stderr, "can't drop %s: %s\n", name_.c_str(),
                   failure.what());
    }
  }

  static const std::string &name() {
    static template_database only;
    return only.name_;
  }

private:
  std::string name_;
};

class postgres_under_test : public store_under_test {
public:
  explicit postgres_under_test(store_settings settings)
      : store_under_test(settings), database_(fresh_name("sluice_test_")) {
    as_superuser(
        "CREATE DATABASE " + database_ +
        (settings.is_migrated ? " TEMPLATE " + template_database::name() : ""));
    auto url = with_database(superuser_uri(), database_);
    side_door_ = std::make_unique<pqxx::connection>(url);
    open(url);
  }
  ~postgres_under_test() override {
    side_door_.reset();
    try {
      as_superuser("DROP DATABASE " + database_ + " WITH (FORCE)");
    } catch (const std::exception &failure) {
      std::fprintf(stderr, "can't drop %s: %s\n", database_.c_str(),
                   failure.what());
    }
  }

  std::string_view name() const override { return "postgres"; }
  void execute(const std::string &sql) override {
    pqxx::nontransaction(*side_door_).exec(sql);
  }
  long count(const std::string &sql) override {
    return pqxx::nontransaction(*side_door_).exec1(sql)[0].as<long>();
  }
  std::string literal(db::timestamp at) const override {
    return "'" + db::to_rfc3339(at) + "'::timestamptz";
  }

private:
  std::string database_;
  std::unique_ptr<pqxx::connection> side_door_;
};

class sqlite_under_test : public store_under_test {
public:
  explicit sqlite_under_test(store_settings settings)
      : store_under_test(settings), path_(folder_.path() / "sluice.db") {
    open("sqlite:" + path_.string());
    if (settings.is_migrated)
      value_of(source()->migrate());
  }

  std::string_view name() const override { return "sqlite"; }
  void execute(const std::string &sql) override { side_door().exec(sql); }
  long count(const std::string &sql) override {
    return side_door().execAndGet(sql).getInt64();
  }
  std::string literal(db::timestamp at) const override {
    return std::to_string(at.time_since_epoch().count());
  }

private:
  /// Opened late, so that a database that is not there yet stays so; never
  /// checkpoints, because the store does.
  SQLite::Database &side_door() {
    if (!side_door_) {
      side_door_ = std::make_unique<SQLite::Database>(
          path_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5000);
      side_door_->exec("PRAGMA wal_autocheckpoint=0");
    }
    return *side_door_;
  }

  temporary_folder folder_;
  std::filesystem::path path_;
  std::unique_ptr<SQLite::Database> side_door_;
};

std::vector<std::string> find_stores() {
  std::vector<std::string> names{"sqlite"};
  if (!superuser_uri().empty())
    names.emplace_back("postgres");
  else
    std::fprintf(stderr,
                 "PostgreSQL is skipped: %s is not set to the URI of a "
                 "superuser on a scratch cluster\n",
                 postgres_variable);
  return names;
}

} // namespace

std::unique_ptr<db::store> store_under_test::connect(db::purpose what_for) {
  return value_of(source_->connect(what_for));
}

void store_under_test::reopen() {
  source_.reset();
  open(url_);
}

void store_under_test::open(const std::string &url) {
  url_ = url;
  db::store_options options;
  options.url = url;
  options.call_timeout = settings_.call_timeout;
  if (settings_.has_manual_clock)
    options.clock = clock_.source();
  source_ = value_of(db::open_store(options));
}

const std::vector<std::string> &available_stores() {
  static const auto names = find_stores();
  return names;
}

std::unique_ptr<store_under_test> make_store(const std::string &name,
                                             store_settings settings) {
  if (name == "postgres")
    return std::make_unique<postgres_under_test>(settings);
  return std::make_unique<sqlite_under_test>(settings);
}

void value_of(const db::result<void> &answer) {
  if (!answer)
    throw std::runtime_error(std::string(to_string(answer.error().code)) +
                             ": " + answer.error().text);
}

} // namespace sluice::tests
