#include <algorithm>

#include "db/postgres/delivery_queries.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

constexpr std::size_t longest_error = 1000;
constexpr std::size_t longest_head = 1024;

using result_kind = delivery_result::kind;

const char *name_of(result_kind what) {
  switch (what) {
  case result_kind::delivered:
    return "delivered";
  case result_kind::retry:
    return "retry";
  case result_kind::dead_letter:
    return "dead_letter";
  case result_kind::returned:
    return "returned";
  }
  return "returned";
}

long long microseconds_of(std::chrono::microseconds length) {
  return std::max(length, std::chrono::microseconds(0)).count();
}

claimed_delivery read_claimed(const pqxx::row &row) {
  claimed_delivery taken;
  taken.id = delivery_id(read_uuid(row[1].c_str()));
  taken.endpoint = endpoint_id(read_uuid(row[2].c_str()));
  taken.organization = organization_id(read_uuid(row[3].c_str()));
  taken.event = event_id(read_uuid(row[4].c_str()));
  taken.type = row[5].as<std::string>();
  taken.payload = row[6].as<std::string>();
  taken.accepted_at = read_time(row[7].c_str());
  taken.attempts = row[8].as<int>();
  return taken;
}

std::string claim_text(const delivery_request &request,
                       const std::optional<std::string> &now) {
  auto endpoints =
      array_of(request.shares, [](std::string &array, const auto &share) {
        share.endpoint.value().append_to(array);
      });
  auto shares =
      array_of(request.shares, [](std::string &array, const auto &share) {
        array += std::to_string(share.limit);
      });
  return call_text("sluice_claim_deliveries",
                   {request.fence.to_string(), request.node.to_string(),
                    std::to_string(microseconds_of(request.lease)),
                    std::to_string(request.limit), endpoints, shares, now});
}

/// Results as the arrays of one statement.
class result_columns {
public:
  explicit result_columns(std::span<const delivery_result> results)
      : results_(results) {}

  std::string text(const std::optional<std::string> &now) const {
    return call_text("sluice_record_deliveries",
                     {attempts(), ids(), owners(), fences(), kinds(), waits(),
                      beginnings(), durations(), answers(), errors(), heads(),
                      now});
  }

private:
  template <class Append>
  std::string column(Append append) const {
    return array_of(results_, append);
  }

  std::string attempts() const {
    return column([](std::string &array, const auto &) {
      uuid::generate_v7().append_to(array);
    });
  }
  std::string ids() const {
    return column([](std::string &array, const auto &told) {
      told.id.value().append_to(array);
    });
  }
  std::string owners() const {
    return column([](std::string &array, const auto &told) {
      told.organization.value().append_to(array);
    });
  }
  std::string fences() const {
    return column([](std::string &array, const auto &told) {
      told.fence.value().append_to(array);
    });
  }
  std::string kinds() const {
    return column([](std::string &array, const auto &told) {
      array += name_of(told.what);
    });
  }
  std::string waits() const {
    return column([](std::string &array, const auto &told) {
      array += std::to_string(microseconds_of(told.retry_in));
    });
  }
  std::string beginnings() const {
    return column([](std::string &array, const auto &told) {
      array += std::to_string(microseconds_of(told.begun_ago));
    });
  }
  std::string durations() const {
    return column([](std::string &array, const auto &told) {
      array += std::to_string(microseconds_of(told.duration));
    });
  }
  std::string answers() const {
    return column([](std::string &array, const auto &told) {
      array += told.response_status ? std::to_string(*told.response_status)
                                    : std::string("NULL");
    });
  }
  std::string errors() const {
    return column([](std::string &array, const auto &told) {
      append_quoted(array, storable_line(told.error, longest_error));
    });
  }
  std::string heads() const {
    return column([](std::string &array, const auto &told) {
      auto head = std::string_view(told.response_head).substr(0, longest_head);
      append_quoted(array, "\\x" + to_hex(head));
    });
  }

  std::span<const delivery_result> results_;
};

attempt_record read_attempt(const pqxx::row &row) {
  attempt_record kept;
  kept.delivery = delivery_id(read_uuid(row[0].c_str()));
  kept.endpoint = endpoint_id(read_uuid(row[1].c_str()));
  kept.attempted_at = read_time(row[2].c_str());
  kept.duration = std::chrono::microseconds(row[3].as<std::int64_t>());
  if (!row[4].is_null())
    kept.response_status = row[4].as<int>();
  kept.error = row[5].as<std::string>();
  kept.response_head = parse_hex(row[6].as<std::string>("")).value_or("");
  return kept;
}

} // namespace

result<delivery_claim>
postgres_store::claim_deliveries(const delivery_request &request) {
  delivery_claim claimed{request.fence, {}, false};
  auto take = [&](const pqxx::result &rows) {
    for (const auto &row : rows) {
      if (row[1].is_null())
        claimed.is_paused = row[0].as<bool>();
      else
        claimed.deliveries.push_back(read_claimed(row));
    }
  };
  auto done = session_->write_once(
      "claim deliveries", [] { return doubt(); },
      [&] { return claim_text(request, session_->now()); }, take,
      session::durability::relaxed);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return claimed;
}

result<record_outcome>
postgres_store::record_deliveries(std::span<const delivery_result> results) {
  record_outcome outcome;
  if (results.empty())
    return outcome;
  auto done = session_->write_in_one_message(
      "record deliveries", [] { return doubt(); },
      [&] { return result_columns(results).text(session_->now()); },
      [&](const pqxx::result &rows) {
        outcome.recorded = rows[0][0].as<int>();
      },
      // What a crash of the server loses is sent once more.
      session::durability::relaxed);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  outcome.lost = static_cast<int>(results.size()) - outcome.recorded;
  return outcome;
}

result<int> postgres_store::rescue_deliveries(const delivery_rescue &request) {
  auto rescued = 0;
  auto done = session_->write(
      "rescue deliveries", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        rescued = static_cast<int>(
            transaction
                .exec_params(sql::rescue_deliveries,
                             microseconds_of(request.node_dead_after),
                             request.max_attempts, request.limit,
                             session_->now())
                .affected_rows());
        rescued += static_cast<int>(
            transaction
                .exec_params(sql::rescue_pulls, request.limit, session_->now())
                .affected_rows());
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return rescued;
}

result<int> postgres_store::skip_removed(int limit) {
  auto skipped = 0;
  auto done = session_->write(
      "skip removed", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        skipped = static_cast<int>(
            transaction.exec_params(sql::skip_removed, limit, session_->now())
                .affected_rows());
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return skipped;
}

result<std::vector<attempt_record>>
postgres_store::delivery_attempts(organization_id owner, event_id event,
                                  int limit) {
  std::vector<attempt_record> kept;
  auto done = session_->look(
      "delivery attempts", [&](pqxx::nontransaction &transaction) {
        auto rows =
            transaction.exec_params(sql::attempts_of_event, owner.to_string(),
                                    event.to_string(), limit);
        for (const auto &row : rows)
          kept.push_back(read_attempt(row));
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return kept;
}

result<delivery_depth> postgres_store::count_deliveries(int limit) {
  delivery_depth counted;
  auto done = session_->read(
      "count deliveries",
      [&](pqxx::nontransaction &transaction) {
        auto row = transaction.exec_params1(sql::count_deliveries, limit);
        counted = {row[0].as<std::int64_t>(), row[1].as<std::int64_t>(),
                   row[2].as<std::int64_t>(), row[3].as<std::int64_t>()};
      },
      session::planning::by_index);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return counted;
}

} // namespace sluice::db::postgres
