#include <pqxx/except>

#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

constexpr int patience = 10;

/// True when the lost transaction has ended, whichever way: it holds its lock
/// until then, and lets go of it only when its commit can be seen.
bool has_ended(pqxx::nontransaction &transaction, long long lock) {
  return transaction.exec_params1(sql::try_lock, lock)[0].as<bool>();
}

// A backend that lost its client ends within moments by itself, and may be
// about to commit; only one that does not is told to go.
void await_end(pqxx::nontransaction &transaction, long long lock) {
  for (auto left = patience; left > 0; --left) {
    if (has_ended(transaction, lock))
      return;
    transaction.exec(sql::wait_a_moment);
  }
  transaction.exec_params(sql::end_lock_holder, lock);
  try {
    transaction.exec_params(sql::wait_for_lock, lock);
  } catch (const pqxx::sql_error &problem) {
    if (problem.sqlstate() != "55P03")
      throw;
    throw refusal(errc::unavailable, "the lost transaction has not ended yet");
  }
}

bool was_committed(pqxx::nontransaction &transaction, const doubt &lost) {
  auto row = lost.row.to_string();
  auto ask = [&](const char *statement) {
    return transaction.exec_params1(statement, row)[0].as<bool>();
  };
  switch (lost.what) {
  case doubt::question::accepted:
    return lost.row.is_nil() ||
           transaction
               .exec_params1(sql::is_known_event, lost.owner.to_string(),
                             row)[0]
               .as<bool>();
  case doubt::question::fence_left:
    return transaction
        .exec_params1(sql::is_fence_left, row, array_of(std::span(lost.ids)))[0]
        .as<bool>();
  case doubt::question::fence_set:
    return ask(sql::is_fence_set);
  case doubt::question::organization_there:
    return ask(sql::is_organization_there);
  case doubt::question::key_there:
    return ask(sql::is_key_there);
  case doubt::question::node_there:
    return ask(sql::is_node_there);
  case doubt::question::node_gone:
    return ask(sql::is_node_gone);
  case doubt::question::audited:
    return ask(sql::is_audited);
  case doubt::question::repeatable:
    return false;
  }
  return false;
}

} // namespace

result<std::optional<std::vector<accept_outcome>>>
postgres_store::resolve(const error &what) {
  auto lost = decode_doubt(what.doubt);
  if (!lost)
    return fail(errc::unavailable, "resolve: the error names no transaction");
  auto is_committed = false;
  // A commit of its own, behind the lost one, so that its COMMIT waits for
  // whatever the lost one should have waited for: a standby, for instance.
  auto done = session_->write(
      "resolve", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        transaction.exec(sql::take_transaction_id);
        await_end(transaction, lost->lock);
        is_committed = was_committed(transaction, *lost);
      });
  if (!done) {
    // Nothing was changed, so nothing is in doubt but the first question.
    done.error().code = errc::unavailable;
    done.error().doubt.clear();
    return tl::unexpected(std::move(done.error()));
  }
  if (!is_committed)
    return std::nullopt;
  return std::move(lost->outcomes);
}

} // namespace sluice::db::postgres
