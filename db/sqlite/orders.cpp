#include <string>

#include "db/sqlite/booking.hpp"
#include "db/sqlite/ledger.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// What became of an order, for the audit log.
class order_record {
public:
  order_record(const item_order &order, const char *action)
      : order_(order), action_(action) {}

  void add(event_id id) {
    ids_ += ids_.empty() ? "" : " ";
    id.value().append_to(ids_);
    ++count_;
  }

  /// Returns how many items it was about; writes nothing when there are none.
  int write(connection &database, timestamp now) {
    if (count_ > 0)
      audit(database,
            {order_.actor, action_,
             std::to_string(count_) + " of " +
                 std::to_string(order_.ids.size()) + " items",
             order_.reason, ids_},
            now);
    return count_;
  }

private:
  const item_order &order_;
  const char *action_;
  std::string ids_;
  int count_ = 0;
};

} // namespace

int requeue(connection &database, const item_order &order, timestamp now) {
  order_record record(order, "requeue");
  ledger_entries entries(database, "requeued", now);
  auto query = database.statement(sql::requeue);
  for (const auto &id : order.ids) {
    query.bind(1, id).bind(2, now);
    if (query.next()) {
      entries.add(organization_id(query.id(0)));
      record.add(id);
    }
    query->reset();
  }
  entries.write();
  return record.write(database, now);
}

int discard(connection &database, const item_order &order, timestamp now) {
  order_record record(order, "discard");
  auto actor = one_line(order.actor);
  auto reason = one_line(order.reason);
  // Apart: those in quarantine were not waiting, and no drain waits for them.
  ledger_entries waiting(database, "discarded", now);
  ledger_entries quarantined(database, "discarded_quarantined", now);
  auto keep = database.statement(sql::discard);
  auto leave = database.statement(sql::delete_discarded);
  for (const auto &id : order.ids) {
    keep.bind(1, id).bind(2, reason).bind(3, actor).bind(4, now);
    if (keep.run() == 0)
      continue;
    leave.bind(1, id);
    if (leave.next()) {
      auto &entries = leave.number(1) != 0 ? quarantined : waiting;
      entries.add(organization_id(leave.id(0)));
      record.add(id);
    }
    leave->reset();
  }
  waiting.write();
  quarantined.write();
  return record.write(database, now);
}

} // namespace sluice::db::sqlite
