#include <openssl/rand.h>

#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

constexpr std::size_t secret_size = 32;

std::optional<std::string> optional_time(std::optional<timestamp> at) {
  if (!at)
    return std::nullopt;
  return to_rfc3339(*at);
}

std::optional<timestamp> read_optional_time(const pqxx::field &field) {
  if (field.is_null())
    return std::nullopt;
  return read_time(field.c_str());
}

doubt ask_about_row(doubt::question what, uuid row) {
  doubt described;
  described.what = what;
  described.row = row;
  return described;
}

principal read_principal(const pqxx::row &row) {
  principal found;
  found.key = api_key_id(read_uuid(row[0].c_str()));
  found.expires_at = read_optional_time(row[1]);
  found.owner.id = organization_id(read_uuid(row[2].c_str()));
  found.owner.name = row[3].as<std::string>();
  found.owner.tier = row[4].as<std::string>();
  found.owner.rate_limit_per_minute = row[5].as<int>();
  found.owner.inserted_at = read_time(row[6].c_str());
  return found;
}

api_key read_key(const pqxx::row &row, organization_id owner) {
  api_key key;
  key.id = api_key_id(read_uuid(row[0].c_str()));
  key.organization = owner;
  auto hash = parse_hex(row[1].c_str());
  if (!hash || hash->size() != key.hash.size())
    throw std::runtime_error("not a hash");
  std::copy(hash->begin(), hash->end(), key.hash.begin());
  key.prefix = row[2].as<std::string>();
  key.expires_at = read_optional_time(row[3]);
  key.inserted_at = read_time(row[4].c_str());
  return key;
}

std::string random_secret() {
  std::array<unsigned char, secret_size> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw refusal(errc::unavailable, "no randomness from the system");
  return {bytes.begin(), bytes.end()};
}

std::optional<std::string> find_secret(pqxx::nontransaction &transaction,
                                       const std::string &key) {
  auto rows = transaction.exec_params(sql::find_control, key);
  if (rows.empty())
    return std::nullopt;
  auto secret = parse_hex(rows[0][0].c_str());
  if (!secret || secret->size() != secret_size)
    throw refusal(errc::schema, "the row of control is not a secret");
  return secret;
}

} // namespace

result<void> postgres_store::create_organization(const organization &owner,
                                                 const api_key &key) {
  return session_->write(
      "create organization",
      [&] {
        return ask_about_row(doubt::question::organization_there,
                             owner.id.value());
      },
      [&](pqxx::nontransaction &transaction) {
        transaction.exec_params(
            sql::create_organization, owner.id.to_string(),
            parameter(owner.name), parameter(owner.tier),
            owner.rate_limit_per_minute, to_rfc3339(owner.inserted_at),
            uuid::generate_v7().to_string(), key.id.to_string(),
            bytea(key.hash), parameter(key.prefix),
            optional_time(key.expires_at), to_rfc3339(key.inserted_at));
      });
}

result<std::optional<principal>>
postgres_store::find_key(const sha256_digest &hash) {
  std::optional<principal> found;
  auto done =
      session_->look("find key", [&](pqxx::nontransaction &transaction) {
        auto rows = transaction.exec_params(sql::find_key, bytea(hash),
                                            session_->now());
        if (!rows.empty())
          found = read_principal(rows[0]);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

result<std::vector<api_key>> postgres_store::keys(organization_id owner) {
  std::vector<api_key> found;
  auto done = session_->look("keys", [&](pqxx::nontransaction &transaction) {
    auto rows = transaction.exec_params(sql::keys_of, owner.to_string(),
                                        session_->now());
    for (const auto &row : rows)
      found.push_back(read_key(row, owner));
  });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

result<void> postgres_store::rotate_key(const api_key &fresh,
                                        std::chrono::seconds grace) {
  return session_->write(
      "rotate key",
      [&] {
        return ask_about_row(doubt::question::key_there, fresh.id.value());
      },
      [&](pqxx::nontransaction &transaction) {
        auto owner = fresh.organization.to_string();
        transaction.exec_params(sql::lock_organization, owner);
        transaction.exec_params(sql::rotate_key, fresh.id.to_string(), owner,
                                bytea(fresh.hash), parameter(fresh.prefix),
                                optional_time(fresh.expires_at),
                                to_rfc3339(fresh.inserted_at), session_->now(),
                                static_cast<long long>(grace.count()));
      });
}

result<std::string> postgres_store::shared_secret(std::string_view name) {
  std::optional<std::string> secret;
  auto done = session_->write(
      "shared secret", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        auto key = "secret:" + parameter(name);
        secret = find_secret(transaction, key);
        if (secret)
          return;
        transaction.exec_params(sql::add_control, key, to_hex(random_secret()),
                                session_->now());
        // Another node may have been first; what is kept counts.
        secret = find_secret(transaction, key);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  if (!secret)
    return fail(errc::conflict, "shared secret: it was removed meanwhile");
  return std::move(*secret);
}

} // namespace sluice::db::postgres
