#include <algorithm>

#include "db/model/endpoint_texts.hpp"
#include "db/postgres/delivery_queries.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

constexpr std::size_t longest_state_reason = 1000;

/// An endpoint as parameters.
struct endpoint_row {
  explicit endpoint_row(const endpoint &from)
      : id(from.id.to_string()), owner(from.organization.to_string()),
        url(parameter(from.url)), types(write_types(from.event_types)),
        description(parameter(from.description)),
        headers(write_headers(from.headers)),
        secrets(write_secrets(from.secrets)), state(to_string(from.state)),
        mode(to_string(from.mode)),
        reason(storable_line(from.state_reason, longest_state_reason)) {}

  std::string id;
  std::string owner;
  std::string url;
  std::string types;
  std::string description;
  std::string headers;
  std::string secrets;
  std::string state;
  std::string mode;
  std::string reason;
};

endpoint read_endpoint(const pqxx::row &row) {
  endpoint seen;
  seen.id = endpoint_id(read_uuid(row[0].c_str()));
  seen.organization = organization_id(read_uuid(row[1].c_str()));
  seen.url = row[2].as<std::string>("");
  seen.event_types = read_types(row[3].c_str());
  seen.description = row[4].as<std::string>();
  seen.headers = read_headers(row[5].c_str());
  seen.secrets = read_secrets(row[6].c_str());
  seen.max_in_flight = row[7].as<int>();
  seen.rate_per_second = row[8].as<int>();
  // A CHECK constraint keeps other texts out.
  seen.state =
      parse_endpoint_state(row[9].c_str()).value_or(endpoint_state::paused);
  seen.state_reason = row[10].as<std::string>();
  seen.is_default = row[11].as<bool>();
  seen.version = row[12].as<std::int64_t>();
  if (!row[13].is_null())
    seen.failing_since = read_time(row[13].c_str());
  seen.inserted_at = read_time(row[14].c_str());
  seen.updated_at = read_time(row[15].c_str());
  seen.mode =
      parse_endpoint_mode(row[16].c_str()).value_or(endpoint_mode::push);
  return seen;
}

std::vector<endpoint> read_endpoints(const pqxx::result &rows) {
  std::vector<endpoint> seen;
  for (const auto &row : rows)
    seen.push_back(read_endpoint(row));
  return seen;
}

/// Returns whether it was parked.
bool note(pqxx::nontransaction &transaction, const endpoint_note &said,
          const std::optional<std::string> &now) {
  auto id = said.endpoint.to_string();
  auto owner = said.organization.to_string();
  switch (said.what) {
  case endpoint_note::kind::well:
    transaction.exec_params(sql::note_well, id, owner);
    return false;
  case endpoint_note::kind::failing:
    transaction.exec_params(sql::note_failing, id, owner, now);
    return false;
  case endpoint_note::kind::park:
    return transaction
               .exec_params(sql::park_endpoint, id, owner, now,
                            storable_line(said.reason, longest_state_reason))
               .affected_rows() > 0;
  }
  return false;
}

} // namespace

result<bool> postgres_store::create_endpoint(const endpoint &fresh, int most) {
  auto is_made = false;
  auto work = [&](pqxx::nontransaction &transaction) {
    const endpoint_row row(fresh);
    // Two at once would not see each other.
    transaction.exec_params(sql::lock_organization, row.owner);
    auto there = transaction.exec_params1(sql::count_endpoints, row.owner);
    if (there[0].as<int>() >= most || (fresh.is_default && there[1].as<bool>()))
      return;
    transaction.exec_params(sql::create_endpoint, row.id, row.owner, row.url,
                            row.types, row.description, row.headers,
                            row.secrets, fresh.max_in_flight,
                            fresh.rate_per_second, row.state, row.reason,
                            fresh.is_default, session_->now(), row.mode);
    is_made = true;
  };
  auto done = session_->write(
      "create endpoint", [] { return doubt(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return is_made;
}

result<std::vector<endpoint>> postgres_store::endpoints(organization_id owner) {
  std::vector<endpoint> seen;
  auto done =
      session_->look("endpoints", [&](pqxx::nontransaction &transaction) {
        seen = read_endpoints(transaction.exec_params(
            std::string(sql::look_at_endpoints) + sql::of_owner,
            owner.to_string()));
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return seen;
}

result<std::optional<endpoint>>
postgres_store::find_endpoint(organization_id owner, endpoint_id id) {
  std::optional<endpoint> found;
  auto done =
      session_->look("find endpoint", [&](pqxx::nontransaction &transaction) {
        auto rows = transaction.exec_params(
            std::string(sql::look_at_endpoints) + sql::of_id, owner.to_string(),
            id.to_string());
        if (!rows.empty())
          found = read_endpoint(rows[0]);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

result<std::vector<endpoint>> postgres_store::active_endpoints() {
  std::vector<endpoint> seen;
  auto done = session_->look(
      "active endpoints", [&](pqxx::nontransaction &transaction) {
        seen = read_endpoints(transaction.exec(
            std::string(sql::look_at_endpoints) + sql::that_are_active));
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return seen;
}

result<bool> postgres_store::save_endpoint(const endpoint &changed) {
  auto is_saved = false;
  auto work = [&](pqxx::nontransaction &transaction) {
    const endpoint_row row(changed);
    is_saved = transaction
                   .exec_params(sql::save_endpoint, row.id, row.owner, row.url,
                                row.types, row.description, row.headers,
                                row.secrets, changed.max_in_flight,
                                changed.rate_per_second, row.state, row.reason,
                                changed.is_default, session_->now(), row.mode,
                                static_cast<long long>(changed.version))
                   .affected_rows() > 0;
  };
  auto done = session_->write(
      "save endpoint", [] { return doubt(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return is_saved;
}

result<bool> postgres_store::remove_endpoint(organization_id owner,
                                             endpoint_id id) {
  auto is_removed = false;
  auto work = [&](pqxx::nontransaction &transaction) {
    is_removed = transaction
                     .exec_params(sql::remove_endpoint, id.to_string(),
                                  owner.to_string(), session_->now())
                     .affected_rows() > 0;
  };
  auto done = session_->write(
      "remove endpoint", [] { return doubt(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return is_removed;
}

result<int>
postgres_store::note_endpoints(std::span<const endpoint_note> notes) {
  auto parked = 0;
  if (notes.empty())
    return parked;
  // In one order, so that two nodes wait for each other rather than for ever.
  std::vector<endpoint_note> ordered(notes.begin(), notes.end());
  std::stable_sort(
      ordered.begin(), ordered.end(),
      [](const auto &a, const auto &b) { return a.endpoint < b.endpoint; });
  auto work = [&](pqxx::nontransaction &transaction) {
    for (const auto &said : ordered)
      parked += note(transaction, said, session_->now()) ? 1 : 0;
  };
  auto done = session_->write(
      "note endpoints", [] { return doubt(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return parked;
}

} // namespace sluice::db::postgres
