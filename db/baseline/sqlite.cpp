#include <SQLiteCpp/SQLiteCpp.h>

#include "db/baseline/open.hpp"

namespace sluice::db {

namespace {

using clock = std::chrono::steady_clock;

constexpr char enqueue_sql[] =
    "INSERT INTO event_queue (id, organization_id, type, payload, status,"
    " attempts, not_before, inserted_at) "
    "VALUES (?1, ?2, ?3, ?4, 'pending', 0, ?5, ?5)";

constexpr char mark_sql[] =
    "UPDATE event_queue SET status = 'processing', claim_id = ?1,"
    " claimed_by = 'baseline', processing_started_at = ?2 "
    "WHERE rowid IN (SELECT rowid FROM event_queue WHERE status = 'pending' "
    "ORDER BY lane, not_before LIMIT ?3)";

constexpr char store_sql[] =
    "INSERT INTO events (id, organization_id, type, payload, dedup_id,"
    " inserted_at, accepted_at) "
    "SELECT id, organization_id, type, payload, dedup_id, ?2, inserted_at "
    "FROM event_queue WHERE status = 'processing' AND claim_id = ?1";

// A delivery takes its event's id: the cheapest key that is unique.
constexpr char deliver_sql[] =
    "INSERT INTO event_deliveries (id, organization_id, event_id,"
    " endpoint_id, status, attempts, inserted_at, updated_at) "
    "SELECT id, organization_id, id, ?3, 'pending', 0, ?2, ?2 "
    "FROM event_queue WHERE status = 'processing' AND claim_id = ?1";

constexpr char remove_sql[] = "DELETE FROM event_queue "
                              "WHERE status = 'processing' AND claim_id = ?1";

std::int64_t now_us() {
  return system_now().time_since_epoch().count();
}

class sqlite_baseline : public baseline {
public:
  explicit sqlite_baseline(const std::string &path)
      : database_(path, SQLite::OPEN_READWRITE, 10'000) {
    database_.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                   "PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-65536;"
                   "PRAGMA temp_store=MEMORY");
  }

  result<void> clear() override {
    return guarded<void>("clear", [&] {
      SQLite::Transaction transaction(database_, immediate);
      for (const auto *table : {"event_queue", "events", "event_deliveries",
                                "dedup_keys", "ledger"})
        database_.exec(std::string("DELETE FROM ") + table);
      transaction.commit();
      database_.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    });
  }

  result<void> fill_queue(const sample_event &sample, long rows) override {
    return guarded<void>("fill", [&] {
      SQLite::Statement insert(database_, enqueue_sql);
      constexpr long chunk = 50'000;
      for (long done = 0; done < rows; done += chunk)
        insert_rows(insert, sample, std::min(chunk, rows - done));
      database_.exec("ANALYZE");
      database_.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    });
  }

  // One file has one writer, so `connections` is taken for 1.
  result<loop_outcome> insert_loop(const sample_event &sample,
                                   const insert_plan &plan) override {
    return guarded<loop_outcome>("insert", [&] {
      SQLite::Statement insert(database_, enqueue_sql);
      loop_outcome outcome;
      auto begin = clock::now();
      while (clock::now() - begin < plan.duration) {
        insert_rows(insert, sample, plan.rows_per_transaction);
        outcome.rows += plan.rows_per_transaction;
      }
      outcome.took = clock::now() - begin;
      return outcome;
    });
  }

  result<loop_outcome> move_loop(const move_plan &plan) override {
    return guarded<loop_outcome>("move", [&] {
      auto endpoint =
          database_.execAndGet("SELECT id FROM endpoints LIMIT 1").getString();
      SQLite::Statement claim(database_, mark_sql);
      SQLite::Statement store(database_, store_sql);
      SQLite::Statement deliver(database_, deliver_sql);
      SQLite::Statement remove(database_, remove_sql);
      loop_outcome outcome;
      auto begin = clock::now();
      for (;;) {
        auto fence = uuid::generate_v7().to_string();
        SQLite::Transaction claiming(database_, immediate);
        auto claimed = run(claim, fence, now_us(), plan.rows_per_transaction);
        claiming.commit();
        if (claimed == 0)
          break;
        SQLite::Transaction moving(database_, immediate);
        run(store, fence, now_us());
        run(deliver, fence, now_us(), endpoint);
        outcome.rows += run(remove, fence);
        moving.commit();
      }
      outcome.took = clock::now() - begin;
      return outcome;
    });
  }

  result<log_span> log() override {
    return guarded<log_span>("log", [&] {
      SQLite::Statement query(
          database_, "SELECT count(*), coalesce(min(inserted_at), 0),"
                     " coalesce(max(inserted_at), 0),"
                     " (SELECT count(*) FROM events WHERE inserted_at ="
                     " (SELECT min(inserted_at) FROM events)) FROM events");
      query.executeStep();
      auto at = [&](int column) {
        return timestamp(
            std::chrono::microseconds(query.getColumn(column).getInt64()));
      };
      return log_span{query.getColumn(0).getInt64(), at(1), at(2),
                      query.getColumn(3).getInt64()};
    });
  }

private:
  static constexpr auto immediate = SQLite::TransactionBehavior::IMMEDIATE;

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

  template <class... Values>
  static int run(SQLite::Statement &statement, const Values &...values) {
    int at = 0;
    (statement.bind(++at, values), ...);
    auto changed = statement.exec();
    statement.reset();
    return changed;
  }

  void insert_rows(SQLite::Statement &insert, const sample_event &sample,
                   long count) {
    auto owner = sample.organization.to_string();
    SQLite::Transaction transaction(database_, immediate);
    insert.bindNoCopy(2, owner);
    insert.bindNoCopy(3, sample.type);
    insert.bindNoCopy(4, sample.payload);
    insert.bind(5, now_us());
    for (long i = 0; i < count; ++i) {
      insert.bind(1, uuid::generate_v7().to_string());
      insert.exec();
      insert.reset();
    }
    insert.clearBindings();
    transaction.commit();
  }

  SQLite::Database database_;
};

} // namespace

result<std::unique_ptr<baseline>>
open_sqlite_baseline(const std::string &path) {
  try {
    return std::make_unique<sqlite_baseline>(path);
  } catch (const std::exception &fault) {
    return fail(errc::unavailable, std::string("baseline: ") + fault.what());
  }
}

} // namespace sluice::db
