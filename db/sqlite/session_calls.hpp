#pragma once

#include <utility>
#include <variant>

#include "db/sqlite/errors.hpp"
#include "db/sqlite/session.hpp"

/// How a session's methods get to the database; for the files that hold them.
namespace sluice::db::sqlite {

/// For work that returns nothing, which `result` in a template can't say.
using nothing = std::monostate;

inline result<void> drop_value(result<nothing> answer) {
  if (!answer)
    return tl::unexpected(std::move(answer.error()));
  return {};
}

template <class Value>
result<Value> session::note(result<Value> answer) {
  if (!answer)
    is_spent_ = answer.error().code == errc::unavailable ||
                answer.error().code == errc::in_doubt;
  return answer;
}

template <class Work>
auto session::change(std::string_view operation, Work work, change_mode mode) {
  using value = std::invoke_result_t<Work, connection &, timestamp>;
  if (is_spent_)
    return result<value>(fail(errc::unavailable, std::string(operation) +
                                                     ": the session is spent"));
  return note<value>(
      file_->changes.run(operation, mode, [&](connection &database) {
        return work(database, file_->now());
      }));
}

template <class Value, class Work>
result<Value> session::ask(std::string_view operation, Work &work) try {
  return work(*reader_, file_->now());
} catch (const refusal &cause) {
  return tl::unexpected(describe(operation, cause));
}

template <class Work>
auto session::look(std::string_view operation, Work work,
                   std::chrono::milliseconds limit) {
  using value = std::invoke_result_t<Work, connection &, timestamp>;
  if (is_spent_)
    return result<value>(fail(errc::unavailable, std::string(operation) +
                                                     ": the session is spent"));
  try {
    reader_->set_deadline(connection::clock::now() + limit);
    reader_->execute("BEGIN");
    auto answer = ask<value>(operation, work);
    reader_->execute("COMMIT");
    return answer;
  } catch (const std::exception &cause) {
    // A transaction that only reads has nothing to lose; but one that stays
    // open would hold the WAL, so the session ends with it.
    is_spent_ = true;
    reader_.reset();
    auto failure = describe(operation, cause);
    failure.code = errc::unavailable;
    return result<value>(tl::unexpected(std::move(failure)));
  }
}

template <class Work>
auto session::look(std::string_view operation, Work work) {
  return look(operation, std::move(work), file_->options.call_timeout);
}

template <class Work>
auto session::look_at_what_stays(std::string_view operation, Work work,
                                 std::chrono::milliseconds limit) {
  auto answer = look(operation, std::move(work), limit);
  if (!answer)
    return answer;
  auto kept = file_->changes.sync_what_is_seen(
      operation, connection::clock::now() + file_->options.call_timeout);
  if (!kept)
    answer = tl::unexpected(std::move(kept.error()));
  return answer;
}

template <class Work>
auto session::look_at_what_stays(std::string_view operation, Work work) {
  return look_at_what_stays(operation, std::move(work),
                            file_->options.call_timeout);
}

} // namespace sluice::db::sqlite
