#include "db/postgres/audit.hpp"

#include <algorithm>

#include "db/postgres/encoding.hpp"
#include "db/postgres/gate_queries.hpp"

namespace sluice::db::postgres {

namespace {

constexpr std::size_t longest_line = 1000;
constexpr std::chrono::milliseconds longest_patience{2000};

} // namespace

act::act(std::string_view actor, std::string_view reason)
    : id_(uuid::generate_v4()), actor_(storable_line(actor, longest_line)),
      reason_(storable_line(reason, longest_line)) {}

void act::record(pqxx::nontransaction &transaction, std::string_view action,
                 const std::string &target, const std::string &detail,
                 const std::optional<std::string> &now) const {
  auto line = detail;
  line.append(line.empty() ? "" : " ").append("act=").append(id_.to_string());
  transaction.exec_params(sql::audit, now, actor_, std::string(action), target,
                          reason_, line);
}

doubt act::describe() const {
  doubt described;
  described.what = doubt::question::audited;
  described.row = id_;
  return described;
}

// Twice the patience, and some time for the change itself, within a call.
void close_gate(pqxx::nontransaction &transaction,
                std::chrono::milliseconds call_timeout) {
  auto patience = std::clamp<long long>((call_timeout * 4 / 10).count(), 1,
                                        longest_patience.count());
  transaction.exec_params(sql::close_gate, patience);
}

} // namespace sluice::db::postgres
