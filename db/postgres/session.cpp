#include "db/postgres/session.hpp"

#include <algorithm>
#include <cstring>

#include <pqxx/errorhandler>

#include "db/model/ids.hpp"

namespace sluice::db::postgres {

namespace {

std::int64_t random_lock() {
  std::int64_t lock = 0;
  auto bytes = uuid::generate_v4().bytes();
  // The last bytes: the first eight hold the fixed version digit.
  std::memcpy(&lock, bytes.data() + 8, sizeof lock);
  return lock;
}

std::unique_ptr<pqxx::connection> open_connection(const std::string &url) {
  auto connection = std::make_unique<pqxx::connection>(url);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // Without this libpqxx quietly continues on a new session after a loss.
  connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  // DETAIL and CONTEXT lines hold values of rows.
  connection->set_verbosity(pqxx::connection_base::terse);
  return connection;
}

} // namespace

session::session(settings how, std::shared_ptr<watchdog> guardian)
    : settings_(std::move(how)), guardian_(std::move(guardian)),
      lock_(random_lock()), connection_(open_connection(settings_.url)),
      silencer_(std::make_unique<pqxx::quiet_errorhandler>(*connection_)) {}

session::~session() {
  silencer_.reset();
}

// The server's own limits lie beyond the call's deadline: they are for the
// transaction that was abandoned. A limit that struck first would let COMMIT
// succeed without the standby's answer under synchronous replication. Waiting
// for a lock ends sooner, with the session intact.
std::string session::begin_text(bool is_writing, planning plan,
                                durability how) const {
  auto milliseconds = settings_.call_timeout.count();
  auto server_limit = std::to_string(milliseconds + 500);
  auto lock_limit = std::to_string(std::max<long>(1, milliseconds * 6 / 10));
  auto text =
      std::string("BEGIN ISOLATION LEVEL READ COMMITTED ") +
      (is_writing ? "READ WRITE" : "READ ONLY") +
      "; SET LOCAL statement_timeout = " + server_limit +
      "; SET LOCAL idle_in_transaction_session_timeout = " + server_limit +
      "; SET LOCAL lock_timeout = " + lock_limit + "; SET LOCAL jit = off";
  if (plan == planning::by_index)
    text += "; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
            "; SET LOCAL enable_bitmapscan = off"
            "; SET LOCAL enable_hashjoin = off"
            "; SET LOCAL enable_mergejoin = off";
  if (how == durability::relaxed)
    text += "; SET LOCAL synchronous_commit = off";
  if (is_writing)
    text += "; SELECT pg_advisory_xact_lock(" + std::to_string(lock_) + ")";
  return text;
}

result<void> session::write(const char *operation,
                            const describe_doubt &describe, const body &work) {
  return run({operation, begin_text(true, planning::free, durability::full),
              &describe, nullptr,
              [&](pqxx::nontransaction &transaction, const pqxx::result &) {
                work(transaction);
              }});
}

result<void> session::write_once(const char *operation,
                                 const describe_doubt &describe,
                                 const std::function<std::string()> &make,
                                 const body_after &use, durability how) {
  return run(
      {operation, begin_text(true, planning::free, how), &describe, make,
       [&](pqxx::nontransaction &, const pqxx::result &rows) { use(rows); }});
}

result<void> session::read(const char *operation, const body &work,
                           planning plan) {
  return run({operation, begin_text(false, plan, durability::full), nullptr,
              nullptr,
              [&](pqxx::nontransaction &transaction, const pqxx::result &) {
                work(transaction);
              }});
}

result<void> session::look(const char *operation, const body &work) {
  return run({operation, "", nullptr, nullptr,
              [&](pqxx::nontransaction &transaction, const pqxx::result &) {
                work(transaction);
              }});
}

result<void> session::run(const course &call) {
  if (is_spent())
    return fail(errc::unavailable, std::string(call.operation) +
                                       ": this session was lost earlier");
  watchdog::guard guard(*guardian_, connection_->sock(),
                        watchdog::clock::now() + settings_.call_timeout);
  auto reached = call.begin.empty() ? stage::looking : stage::working;
  try {
    pqxx::nontransaction transaction(*connection_);
    pqxx::result opened;
    if (!call.begin.empty())
      opened = transaction.exec(call.make ? call.begin + "; " + call.make()
                                          : call.begin);
    call.work(transaction, opened);
    if (!call.begin.empty()) {
      reached = stage::committing;
      transaction.exec("COMMIT");
    }
    return {};
  } catch (...) {
    return tl::unexpected(
        give_up(call.operation, reached, call.describe, guard));
  }
}

error session::give_up(const char *operation, stage reached,
                       const describe_doubt *describe, watchdog::guard &guard) {
  auto why = sort_current_exception();
  error answer{why.code, std::string(operation) + ": " + why.text, {}};
  if (guard.has_expired()) {
    answer.code = errc::unavailable;
    answer.text = std::string(operation) + ": no answer within " +
                  std::to_string(settings_.call_timeout.count()) + " ms";
  }
  auto is_certain = why.is_definite && connection_->is_open();
  if (reached == stage::committing && describe != nullptr && !is_certain) {
    answer.code = errc::in_doubt;
    auto described = (*describe)();
    described.lock = lock_;
    answer.doubt = encode(described);
  }
  auto is_over =
      answer.code == errc::unavailable || answer.code == errc::in_doubt;
  if (is_over || (reached != stage::looking && !roll_back()))
    drop(guard);
  return answer;
}

bool session::roll_back() {
  try {
    pqxx::nontransaction transaction(*connection_);
    transaction.exec("ROLLBACK");
    return true;
  } catch (const std::exception &) {
    return false;
  }
}

void session::drop(watchdog::guard &guard) {
  guard.cut();
  silencer_.reset();
  connection_.reset();
}

std::optional<std::string> session::now() const {
  if (!settings_.clock)
    return std::nullopt;
  return to_rfc3339(settings_.clock());
}

int session::server_version() const {
  return is_spent() ? 0 : connection_->server_version();
}

} // namespace sluice::db::postgres
