#include "db/sqlite/accounts.hpp"

#include <algorithm>

#include <openssl/rand.h>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr std::size_t secret_size = 32;

void add_key(connection &database, const api_key &key) {
  auto insert = database.statement(sql::add_key);
  insert.bind(1, key.id).bind(2, key.organization);
  insert.bind_blob(3, key.hash.data(), key.hash.size()).bind(4, key.prefix);
  if (key.expires_at)
    insert.bind(5, *key.expires_at);
  else
    insert.bind_null(5);
  insert.bind(6, key.inserted_at).run();
}

std::optional<timestamp> optional_time(statement_loan &query, int column) {
  if (query.is_null(column))
    return std::nullopt;
  return query.time(column);
}

std::string blob(statement_loan &query, int column) {
  return query->getColumn(column).getString();
}

std::string fresh_secret() {
  std::string secret(secret_size, '\0');
  if (RAND_priv_bytes(reinterpret_cast<unsigned char *>(secret.data()),
                      static_cast<int>(secret.size())) != 1)
    throw SQLite::Exception("no random bytes for a secret", SQLITE_ERROR);
  return secret;
}

} // namespace

void create_organization(connection &database, const organization &owner,
                         const api_key &key, timestamp now) {
  database.statement(sql::add_organization)
      .bind(1, owner.id)
      .bind(2, owner.name)
      .bind(3, owner.tier)
      .bind(4, owner.rate_limit_per_minute)
      .bind(5, owner.inserted_at)
      .run();
  database.statement(sql::add_inbox)
      .bind(1, uuid::generate_v7())
      .bind(2, owner.id)
      .bind(3, now)
      .run();
  add_key(database, key);
}

std::optional<principal> find_key(connection &database,
                                  const sha256_digest &hash, timestamp now) {
  auto query = database.statement(sql::find_key);
  query.bind_blob(1, hash.data(), hash.size()).bind(2, now);
  if (!query.next())
    return std::nullopt;
  principal found;
  found.key = api_key_id(query.id(0));
  found.expires_at = optional_time(query, 1);
  found.owner.id = organization_id(query.id(2));
  found.owner.name = query.text(3);
  found.owner.tier = query.text(4);
  found.owner.rate_limit_per_minute = static_cast<int>(query.number(5));
  found.owner.inserted_at = query.time(6);
  return found;
}

std::vector<api_key> keys(connection &database, organization_id owner,
                          timestamp now) {
  std::vector<api_key> found;
  auto query = database.statement(sql::keys_of);
  query.bind(1, owner).bind(2, now);
  while (query.next()) {
    auto &key = found.emplace_back();
    key.id = api_key_id(query.id(0));
    key.organization = owner;
    auto hash = blob(query, 1);
    std::copy_n(hash.begin(), std::min(hash.size(), key.hash.size()),
                key.hash.begin());
    key.prefix = query.text(2);
    key.expires_at = optional_time(query, 3);
    key.inserted_at = query.time(4);
  }
  return found;
}

void rotate_key(connection &database, const api_key &fresh,
                std::chrono::seconds grace, timestamp now) {
  add_key(database, fresh);
  database.statement(sql::expire_other_keys)
      .bind(1, fresh.organization)
      .bind(2, fresh.id)
      .bind(3, now + grace)
      .run();
}

std::string shared_secret(connection &database, std::string_view name,
                          timestamp now) {
  auto key = "secret:" + std::string(name);
  {
    auto find = database.statement(sql::find_control);
    if (find.bind(1, key).next())
      return blob(find, 0);
  }
  auto secret = fresh_secret();
  database.statement(sql::add_control)
      .bind(1, key)
      .bind_blob(2, secret.data(), secret.size())
      .bind(3, now)
      .run();
  return secret;
}

} // namespace sluice::db::sqlite
