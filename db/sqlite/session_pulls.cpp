#include "db/sqlite/pulls.hpp"
#include "db/sqlite/session_calls.hpp"

// Receivers who fetch.
namespace sluice::db::sqlite {

result<pull_claim> session::claim_pulls(const pull_request &request) {
  return change("claim_pulls", [&](connection &database, timestamp now) {
    return sqlite::claim_pulls(database, request, now);
  });
}

result<pull_answer> session::change_pulls(const pull_order &order) {
  return change("change_pulls", [&](connection &database, timestamp now) {
    return sqlite::change_pulls(database, order, now);
  });
}

result<log_page> session::read_log(const log_query &query) {
  return look_at_what_stays("read_log", [&](connection &database, timestamp) {
    return sqlite::read_log(database, query);
  });
}

} // namespace sluice::db::sqlite
