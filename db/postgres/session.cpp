#include "db/postgres/session.hpp"

#include <poll.h>

#include <algorithm>
#include <cstring>

#include <pqxx/errorhandler>

#include "db/model/ids.hpp"

namespace sluice::db::postgres {

namespace {

/// While it waits, others queue behind it.
constexpr std::chrono::milliseconds longest_lock_wait{36'000};

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

// What writes takes the server's default: it may be read-only, because its
// disk is full or another is about to take over, and means us by that.
//
// The server's own limits lie beyond the call's deadline: they are for the
// transaction that was abandoned. A limit that struck first would let COMMIT
// succeed without the standby's answer under synchronous replication. Waiting
// for a lock ends sooner, with the session intact.
std::string session::begin_text(const frame &with) const {
  auto milliseconds = with.limit.count();
  auto server_limit = std::to_string(milliseconds + 500);
  auto lock_limit = std::to_string(
      std::clamp<long>(milliseconds * 6 / 10, 1, longest_lock_wait.count()));
  auto text =
      std::string(with.is_one_message ? "SET TRANSACTION" : "BEGIN") +
      " ISOLATION LEVEL " +
      (with.is_one_snapshot ? "REPEATABLE READ" : "READ COMMITTED") +
      (with.is_writing ? "" : " READ ONLY") +
      "; SET LOCAL statement_timeout = " + server_limit +
      "; SET LOCAL idle_in_transaction_session_timeout = " + server_limit +
      "; SET LOCAL lock_timeout = " + lock_limit + "; SET LOCAL jit = off";
  // A look at everything has time; those who send events beside it have not.
  if (with.is_one_snapshot)
    text += "; SET LOCAL max_parallel_workers_per_gather = 0";
  if (with.plan == planning::by_index)
    text += "; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
            "; SET LOCAL enable_bitmapscan = off"
            "; SET LOCAL enable_hashjoin = off"
            "; SET LOCAL enable_mergejoin = off";
  if (with.how == durability::relaxed)
    text += "; SET LOCAL synchronous_commit = off";
  if (with.is_writing && !with.is_one_message)
    text += "; SELECT pg_advisory_xact_lock(" + std::to_string(lock_) + ")";
  return text;
}

session::frame session::writing(durability how) const {
  return {.limit = settings_.call_timeout,
          .is_writing = true,
          .is_one_snapshot = false,
          .plan = planning::free,
          .how = how,
          .is_one_message = false};
}

result<void> session::write(const char *operation,
                            const describe_doubt &describe, const body &work) {
  return write_within(settings_.call_timeout, operation, describe, work);
}

result<void> session::write_within(std::chrono::milliseconds limit,
                                   const char *operation,
                                   const describe_doubt &describe,
                                   const body &work) {
  auto with = writing();
  with.limit = limit;
  return run({operation, limit, begin_text(with), &describe, nullptr,
              [&](pqxx::nontransaction &transaction, const pqxx::result &) {
                work(transaction);
              }});
}

result<void>
session::write_once(const char *operation, const describe_doubt &describe,
                    const std::function<std::string()> &make,
                    const std::function<void(const pqxx::result &)> &use,
                    durability how) {
  return run(
      {operation, settings_.call_timeout, begin_text(writing(how)), &describe,
       make,
       [&](pqxx::nontransaction &, const pqxx::result &rows) { use(rows); }});
}

// Several statements in one message are one transaction, which ends with the
// last of them:
// https://www.postgresql.org/docs/15/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
result<void> session::write_in_one_message(
    const char *operation, const describe_doubt &describe,
    const std::function<std::string()> &make,
    const std::function<void(const pqxx::result &)> &use, durability how) {
  auto with = writing(how);
  with.is_one_message = true;
  return run(
      {operation, settings_.call_timeout, begin_text(with), &describe, make,
       [&](pqxx::nontransaction &, const pqxx::result &rows) { use(rows); },
       true});
}

result<void> session::write_after(const char *operation,
                                  const describe_doubt &describe,
                                  const std::function<std::string()> &make,
                                  const body_after &work) {
  return run({operation, settings_.call_timeout, begin_text(writing()),
              &describe, make, work});
}

result<void> session::read(const char *operation, const body &work,
                           planning plan) {
  frame with{.limit = settings_.call_timeout,
             .is_writing = false,
             .is_one_snapshot = false,
             .plan = plan,
             .how = durability::full,
             .is_one_message = false};
  return run({operation, settings_.call_timeout, begin_text(with), nullptr,
              nullptr,
              [&](pqxx::nontransaction &transaction, const pqxx::result &) {
                work(transaction);
              }});
}

result<void> session::survey(std::chrono::milliseconds limit,
                             const char *operation, const body &work) {
  frame with{.limit = limit,
             .is_writing = false,
             .is_one_snapshot = true,
             .plan = planning::free,
             .how = durability::full,
             .is_one_message = false};
  return run({operation, limit, begin_text(with) + "; " + whole_tables, nullptr,
              nullptr,
              [&](pqxx::nontransaction &transaction, const pqxx::result &) {
                work(transaction);
              }});
}

result<void> session::look(const char *operation, const body &work) {
  return run({operation, settings_.call_timeout, "", nullptr, nullptr,
              [&](pqxx::nontransaction &transaction, const pqxx::result &) {
                work(transaction);
              }});
}

result<void> session::run(const course &call) {
  if (is_spent())
    return fail(errc::unavailable, std::string(call.operation) +
                                       ": this session was lost earlier");
  watchdog::guard guard(*guardian_, connection_->sock(),
                        watchdog::clock::now() + call.limit);
  auto reached = call.begin.empty()    ? stage::looking
                 : call.is_one_message ? stage::committing
                                       : stage::working;
  try {
    pqxx::nontransaction transaction(*connection_);
    pqxx::result opened;
    if (!call.begin.empty())
      opened = transaction.exec(call.make ? call.begin + "; " + call.make()
                                          : call.begin);
    call.work(transaction, opened);
    if (reached == stage::working) {
      reached = stage::committing;
      transaction.exec("COMMIT");
    }
    return {};
  } catch (...) {
    return tl::unexpected(give_up(call, reached, guard));
  }
}

error session::give_up(const course &call, stage reached,
                       watchdog::guard &guard) {
  auto why = sort_current_exception();
  error answer{why.code,
               std::string(call.operation) + ": " + why.text,
               {},
               why.retry_after};
  if (guard.has_expired()) {
    answer.code = errc::unavailable;
    answer.text = std::string(call.operation) + ": no answer within " +
                  std::to_string(call.limit.count()) + " ms";
  }
  auto is_certain = why.is_definite && connection_->is_open();
  if (reached == stage::committing && call.describe != nullptr && !is_certain) {
    answer.code = errc::in_doubt;
    auto described = (*call.describe)();
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

bool session::is_connected() const {
  if (is_spent())
    return false;
  pollfd line{.fd = connection_->sock(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&line, 1, 0) <= 0;
}

int session::server_version() const {
  return is_spent() ? 0 : connection_->server_version();
}

} // namespace sluice::db::postgres
