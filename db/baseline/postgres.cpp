#include <atomic>
#include <future>

#include <pqxx/pqxx>

#include "db/baseline/open.hpp"
#include "db/postgres/binary_array.hpp"

namespace sluice::db {

namespace {

using clock = std::chrono::steady_clock;
using postgres::binary_array;

constexpr char insert_sql[] =
    "INSERT INTO event_queue (id, organization_id, type, payload, status,"
    " attempts, not_before, inserted_at) "
    "SELECT id, $2, type, payload, 'pending', 0, now(), now() "
    "FROM unnest($1::uuid[], $3::text[], $4::text[]) AS t (id, type, payload)";

constexpr char claim_sql[] =
    "WITH due AS MATERIALIZED ("
    "SELECT organization_id, id FROM event_queue WHERE status = 'pending' "
    "ORDER BY lane, not_before, id LIMIT $1 FOR UPDATE SKIP LOCKED) "
    "UPDATE event_queue AS q SET status = 'processing', claim_id = $2,"
    " claimed_by = 'baseline', processing_started_at = now() FROM due "
    "WHERE q.organization_id = due.organization_id AND q.id = due.id "
    "RETURNING q.id";

// A delivery takes its event's id: the cheapest key that is unique.
constexpr char move_sql[] =
    "WITH taken AS (DELETE FROM event_queue "
    "WHERE organization_id = $2 AND id = ANY ($1::uuid[]) "
    "RETURNING id, organization_id, type, payload, dedup_id, inserted_at), "
    "stored AS (INSERT INTO events (id, organization_id, type, payload,"
    " dedup_id, inserted_at, accepted_at) "
    "SELECT id, organization_id, type, payload, dedup_id, now(), inserted_at "
    "FROM taken) "
    "INSERT INTO event_deliveries (id, organization_id, event_id,"
    " endpoint_id, status, attempts, inserted_at, updated_at) "
    "SELECT id, organization_id, id, $3, 'pending', 0, now(), now() "
    "FROM taken";

/// Runs `loop(connection)` on connections of their own, all at once; returns
/// the sum of what they return.
template <class Loop>
long run_on(const std::string &url, int connections, const Loop &loop) {
  std::vector<std::unique_ptr<pqxx::connection>> open;
  open.reserve(static_cast<std::size_t>(connections));
  for (int i = 0; i < connections; ++i)
    open.push_back(std::make_unique<pqxx::connection>(url));
  std::vector<std::future<long>> running;
  running.reserve(open.size());
  for (auto &one : open)
    running.push_back(
        std::async(std::launch::async, [&] { return loop(*one); }));
  long sum = 0;
  for (auto &one : running)
    sum += one.get();
  return sum;
}

std::string copies_of(std::string_view element, int count) {
  binary_array array(binary_array::type::text, static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    array.add(element);
  return array.bytes();
}

std::vector<uuid> fresh_ids(int count) {
  std::vector<uuid> ids;
  ids.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    ids.push_back(uuid::generate_v7());
  return ids;
}

class postgres_baseline : public baseline {
public:
  explicit postgres_baseline(std::string url) : url_(std::move(url)) {}

  result<void> clear() override {
    return guarded<void>("clear", [&] {
      execute({"TRUNCATE event_queue, events, event_deliveries, dedup_keys,"
               " ledger"});
    });
  }

  result<void> fill_queue(const sample_event &sample, long rows) override {
    return guarded<void>("fill", [&] {
      std::atomic<long> left = rows;
      run_on(url_, 2, [&](pqxx::connection &connection) {
        constexpr int chunk = 5000;
        for (long now = left.fetch_sub(chunk); now > 0;
             now = left.fetch_sub(chunk))
          copy(connection, sample,
               static_cast<int>(std::min<long>(now, chunk)));
        return 0L;
      });
      execute({"VACUUM (ANALYZE) event_queue",
               "VACUUM (ANALYZE) events, event_deliveries, ledger",
               "CHECKPOINT"});
    });
  }

  result<loop_outcome> insert_loop(const sample_event &sample,
                                   const insert_plan &plan) override {
    return guarded<loop_outcome>("insert", [&] {
      auto begin = clock::now();
      auto end = begin + plan.duration;
      auto rows =
          run_on(url_, plan.connections, [&](pqxx::connection &connection) {
            return insert_until(connection, sample, plan, end);
          });
      return loop_outcome{rows, clock::now() - begin};
    });
  }

  result<loop_outcome> move_loop(const move_plan &plan) override {
    return guarded<loop_outcome>("move", [&] {
      auto of = find_owner();
      auto begin = clock::now();
      auto rows =
          run_on(url_, plan.connections, [&](pqxx::connection &connection) {
            return move_all(connection, plan.rows_per_transaction, of);
          });
      return loop_outcome{rows, clock::now() - begin};
    });
  }

  result<log_span> log() override {
    return guarded<log_span>("log", [&] {
      pqxx::connection connection(url_);
      pqxx::nontransaction work(connection);
      auto row = work.exec1(
          "SELECT coalesce(sum(n), 0), coalesce(min(us), 0),"
          " coalesce(max(us), 0), coalesce((array_agg(n ORDER BY us))[1], 0) "
          "FROM (SELECT count(*) AS n,"
          " (extract(epoch FROM inserted_at) * 1000000)::bigint AS us "
          "FROM events GROUP BY inserted_at) AS t");
      auto at = [&](int column) {
        return timestamp(std::chrono::microseconds(row[column].as<long>()));
      };
      return log_span{row[0].as<long>(), at(1), at(2), row[3].as<long>()};
    });
  }

private:
  struct tenant {
    std::string organization;
    std::string endpoint;
  };

  template <class T, class Call>
  static result<T> guarded(const char *what, const Call &call) {
    try {
      if constexpr (std::is_void_v<T>) {
        call();
        return {};
      } else {
        return call();
      }
    } catch (const std::exception &fault) {
      return fail(errc::unavailable,
                  std::string("baseline ") + what + ": " + fault.what());
    }
  }

  void execute(std::initializer_list<const char *> statements) {
    pqxx::connection connection(url_);
    pqxx::nontransaction work(connection);
    for (const auto *sql : statements)
      work.exec(sql);
  }

  /// The organization of what is queued.
  tenant find_owner() {
    pqxx::connection connection(url_);
    pqxx::nontransaction work(connection);
    auto row = work.exec1(
        "SELECT organization_id, id FROM endpoints WHERE organization_id ="
        " (SELECT organization_id FROM event_queue LIMIT 1) LIMIT 1");
    return {row[0].as<std::string>(), row[1].as<std::string>()};
  }

  static long insert_until(pqxx::connection &connection,
                           const sample_event &sample, const insert_plan &plan,
                           clock::time_point end) {
    auto count = plan.rows_per_transaction;
    auto owner = sample.organization.to_string();
    // The texts are the same in each round; only ids are made anew.
    pqxx::binarystring types(copies_of(sample.type, count));
    pqxx::binarystring payloads(copies_of(sample.payload, count));
    connection.prepare("insert", insert_sql);
    long rows = 0;
    for (; clock::now() < end; rows += count) {
      if (plan.way == insert_way::copy) {
        copy(connection, sample, count);
        continue;
      }
      binary_array ids(binary_array::type::uuid,
                       static_cast<std::size_t>(count));
      for (const auto &id : fresh_ids(count))
        ids.add(id);
      pqxx::nontransaction work(connection);
      work.exec_prepared("insert", pqxx::binarystring(ids.bytes()), owner,
                         types, payloads);
    }
    return rows;
  }

  static void copy(pqxx::connection &connection, const sample_event &sample,
                   int count) {
    pqxx::work work(connection);
    pqxx::stream_to rows(work, "event_queue",
                         std::vector<std::string>{"id", "organization_id",
                                                  "type", "payload", "status",
                                                  "attempts", "not_before",
                                                  "inserted_at"});
    auto owner = sample.organization.to_string();
    auto now = to_rfc3339(system_now());
    for (const auto &id : fresh_ids(count))
      rows << std::make_tuple(id.to_string(), owner, sample.type,
                              sample.payload, "pending", 0, now, now);
    rows.complete();
    work.commit();
  }

  static long move_all(pqxx::connection &connection, int limit,
                       const tenant &of) {
    connection.prepare("claim", claim_sql);
    connection.prepare("move", move_sql);
    pqxx::nontransaction work(connection);
    work.exec("SET enable_sort = off");
    for (long rows = 0;;) {
      auto claimed =
          work.exec_prepared("claim", limit, uuid::generate_v7().to_string());
      if (claimed.empty())
        return rows;
      std::string ids = "{";
      for (const auto &row : claimed)
        ids.append(row[0].c_str()).append(",");
      ids.back() = '}';
      work.exec_prepared("move", ids, of.organization, of.endpoint);
      rows += static_cast<long>(claimed.size());
    }
  }

  std::string url_;
};

} // namespace

result<std::unique_ptr<baseline>>
open_postgres_baseline(const std::string &url) {
  return std::make_unique<postgres_baseline>(url);
}

} // namespace sluice::db
