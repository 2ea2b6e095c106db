#include <pqxx/pqxx>

#include "db/baseline/baseline.hpp"

namespace sluice::db {

namespace {

/// The URL with another database's name in its path.
std::string with_database(const std::string &url, const std::string &name) {
  auto authority = url.find("://") + 3;
  auto path = url.find_first_of("/?", authority);
  auto question = url.find('?', authority);
  auto result = url.substr(0, path) + "/" + name;
  return question == std::string::npos ? result : result + url.substr(question);
}

void run(const std::string &url, const std::string &sql) {
  pqxx::connection connection(url);
  pqxx::nontransaction work(connection);
  work.exec(sql);
}

} // namespace

result<std::string> create_database(const std::string &server_url,
                                    const std::string &name) {
  try {
    pqxx::connection connection(server_url);
    pqxx::nontransaction work(connection);
    work.exec("CREATE DATABASE " + work.quote_name(name));
    return with_database(server_url, name);
  } catch (const std::exception &fault) {
    return fail(errc::unavailable,
                std::string("create database: ") + fault.what());
  }
}

result<void> drop_database(const std::string &server_url,
                           const std::string &name) {
  try {
    pqxx::connection connection(server_url);
    pqxx::nontransaction work(connection);
    work.exec("DROP DATABASE IF EXISTS " + work.quote_name(name) +
              " WITH (FORCE)");
    return {};
  } catch (const std::exception &fault) {
    return fail(errc::unavailable,
                std::string("drop database: ") + fault.what());
  }
}

bool is_up(const std::string &server_url) {
  try {
    run(server_url, "SELECT 1");
    return true;
  } catch (const std::exception &) {
    return false;
  }
}

} // namespace sluice::db
