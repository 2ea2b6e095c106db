#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <pqxx/nontransaction>

#include "db/model/ids.hpp"
#include "db/postgres/doubt.hpp"

namespace sluice::db::postgres {

/// An operator's act: who did what and why, under an id of its own, by which
/// a later session finds out whether it was committed. Actor and reason are
/// cut to one line of 1000 bytes.
class act {
public:
  act(std::string_view actor, std::string_view reason);

  const std::string &actor() const { return actor_; }
  const std::string &reason() const { return reason_; }

  /// Writes `audit_log`; `target` and `detail` are lines.
  void record(pqxx::nontransaction &transaction, std::string_view action,
              const std::string &target, const std::string &detail,
              const std::optional<std::string> &now) const;

  /// For the case that its COMMIT gets no answer.
  doubt describe() const;

private:
  uuid id_;
  std::string actor_;
  std::string reason_;
};

/// Takes the gate for this transaction alone: waits for those who are inside
/// and cuts off who stays too long for a call of `call_timeout`. Throws
/// (a conflict) when that does not help.
void close_gate(pqxx::nontransaction &transaction,
                std::chrono::milliseconds call_timeout);

} // namespace sluice::db::postgres
