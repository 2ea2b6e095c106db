#include "db/sqlite/endpoints.hpp"

#include <string>

#include "db/model/endpoint_texts.hpp"
#include "db/sqlite/booking.hpp"
#include "db/sqlite/delivery_queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// An endpoint as parameters; lives until the statement was run.
class endpoint_row {
public:
  explicit endpoint_row(const endpoint &from)
      : from_(from), types_(write_types(from.event_types)),
        headers_(write_headers(from.headers)),
        secrets_(write_secrets(from.secrets)), state_(to_string(from.state)),
        mode_(to_string(from.mode)), reason_(one_line(from.state_reason)) {}

  void bind(statement_loan &query, timestamp now) const {
    query.bind(1, from_.id).bind(2, from_.organization).bind(3, from_.url);
    if (from_.event_types.empty())
      query.bind_null(4);
    else
      query.bind(4, types_);
    query.bind(5, from_.description).bind(6, headers_).bind(7, secrets_);
    query.bind(8, std::int64_t{from_.max_in_flight});
    query.bind(9, std::int64_t{from_.rate_per_second});
    query.bind(10, state_).bind(11, reason_);
    query.bind(12, std::int64_t{from_.is_default ? 1 : 0}).bind(13, now);
    query.bind(14, mode_);
  }

private:
  const endpoint &from_;
  std::string types_;
  std::string headers_;
  std::string secrets_;
  std::string state_;
  std::string mode_;
  std::string reason_;
};

endpoint read_endpoint(statement_loan &row) {
  endpoint seen;
  seen.id = endpoint_id(row.id(0));
  seen.organization = organization_id(row.id(1));
  seen.url = row.text(2);
  if (!row.is_null(3))
    seen.event_types = read_types(row.text_view(3));
  seen.description = row.text(4);
  seen.headers = read_headers(row.text_view(5));
  seen.secrets = read_secrets(row.text_view(6));
  seen.max_in_flight = static_cast<int>(row.number(7));
  seen.rate_per_second = static_cast<int>(row.number(8));
  // A CHECK constraint keeps other texts out.
  seen.state =
      parse_endpoint_state(row.text_view(9)).value_or(endpoint_state::paused);
  seen.state_reason = row.text(10);
  seen.is_default = row.number(11) != 0;
  seen.version = row.number(12);
  if (!row.is_null(13))
    seen.failing_since = row.time(13);
  seen.inserted_at = row.time(14);
  seen.updated_at = row.time(15);
  seen.mode =
      parse_endpoint_mode(row.text_view(16)).value_or(endpoint_mode::push);
  return seen;
}

std::vector<endpoint> read_endpoints(statement_loan &rows) {
  std::vector<endpoint> seen;
  while (rows.next())
    seen.push_back(read_endpoint(rows));
  return seen;
}

const char *statement_of(endpoint_note::kind what) {
  switch (what) {
  case endpoint_note::kind::well:
    return sql::note_well;
  case endpoint_note::kind::failing:
    return sql::note_failing;
  case endpoint_note::kind::park:
    return sql::park_endpoint;
  }
  return sql::note_well;
}

} // namespace

bool create_endpoint(connection &database, const endpoint &fresh, int most,
                     timestamp now) {
  auto there = database.statement(sql::count_endpoints);
  auto is_full =
      there.bind(1, fresh.organization).next() &&
      (there.number(0) >= most || (fresh.is_default && there.number(1) != 0));
  if (is_full)
    return false;
  auto query = database.statement(sql::create_endpoint);
  const endpoint_row row(fresh);
  row.bind(query, now);
  query.run();
  return true;
}

std::vector<endpoint> endpoints(connection &database, organization_id owner) {
  auto rows = database.statement(sql::endpoints_of);
  return read_endpoints(rows.bind(1, owner));
}

std::optional<endpoint> find_endpoint(connection &database,
                                      organization_id owner, endpoint_id id) {
  auto row = database.statement(sql::find_endpoint);
  if (!row.bind(1, owner).bind(2, id).next())
    return std::nullopt;
  return read_endpoint(row);
}

std::vector<endpoint> active_endpoints(connection &database) {
  auto rows = database.statement(sql::active_endpoints);
  return read_endpoints(rows);
}

bool save_endpoint(connection &database, const endpoint &changed,
                   timestamp now) {
  auto query = database.statement(sql::save_endpoint);
  const endpoint_row row(changed);
  row.bind(query, now);
  return query.bind(15, changed.version).run() > 0;
}

bool remove_endpoint(connection &database, organization_id owner,
                     endpoint_id id, timestamp now) {
  auto query = database.statement(sql::remove_endpoint);
  return query.bind(1, id).bind(2, owner).bind(3, now).run() > 0;
}

int note_endpoints(connection &database, std::span<const endpoint_note> notes,
                   timestamp now) {
  int parked = 0;
  for (const auto &said : notes) {
    auto reason = one_line(said.reason);
    auto query = database.statement(statement_of(said.what));
    query.bind(1, said.endpoint).bind(2, said.organization);
    if (said.what != endpoint_note::kind::well)
      query.bind(3, now);
    if (said.what == endpoint_note::kind::park)
      parked += query.bind(4, reason).run();
    else
      query.run();
  }
  return parked;
}

} // namespace sluice::db::sqlite
