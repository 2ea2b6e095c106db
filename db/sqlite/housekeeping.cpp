#include "db/sqlite/housekeeping.hpp"

#include <string>

#include "db/model/folding.hpp"
#include "db/sqlite/housekeeping_queries.hpp"

namespace sluice::db::sqlite {

namespace {

const std::string &key_of(duty what) {
  static const std::string housekeeping = "duty.housekeeping";
  switch (what) {
  case duty::housekeeping:
    return housekeeping;
  }
  return housekeeping;
}

} // namespace

duty_state look_at_duty(connection &database, node_id self, duty what,
                        timestamp alive_since) {
  auto query = database.statement(sql::look_at_duty);
  query.bind(1, key_of(what)).bind(2, self).bind(3, alive_since).next();
  bool is_alive = query.number(0) != 0;
  bool is_held = query.number(1) != 0;
  bool is_ours = query.number(2) != 0;
  if (is_held)
    return is_ours ? duty_state::ours : duty_state::anothers;
  // A node that is taken for dead itself would lose it at once.
  return is_alive ? duty_state::to_be_had : duty_state::anothers;
}

bool take_duty(connection &database, node_id self, duty what,
               timestamp alive_since, timestamp now) {
  auto seen = look_at_duty(database, self, what, alive_since);
  if (seen != duty_state::to_be_had)
    return seen == duty_state::ours;
  auto holder = self.to_string();
  auto put = database.statement(sql::put_control);
  put.bind(1, key_of(what)).bind(2, holder).bind(3, std::int64_t{1});
  return put.bind(4, now).run() > 0;
}

void keep_verdict(connection &database, const ledger_verdict &found,
                  timestamp now) {
  std::string key(verdict_key);
  auto value = write_verdict(found);
  database.statement(sql::put_control)
      .bind(1, key)
      .bind(2, value)
      .bind(3, found.checked_at)
      .bind(4, now)
      .run();
}

std::optional<ledger_verdict> last_verdict(connection &database,
                                           timestamp now) {
  std::string key(verdict_key);
  auto query = database.statement(sql::dated_control);
  if (!query.bind(1, key).next())
    return std::nullopt;
  auto verdict = read_verdict(query.text_view(0));
  if (verdict)
    verdict->age = now - query.time(1);
  return verdict;
}

} // namespace sluice::db::sqlite
