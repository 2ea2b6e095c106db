#include "db/postgres/encoding.hpp"
#include "db/postgres/looks.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

doubt ask_about_node(doubt::question what, node_id self) {
  doubt described;
  described.what = what;
  described.row = self.value();
  return described;
}

} // namespace

result<int> postgres_store::enlist(const node &self) {
  auto freed = 0;
  lanes_.forget();
  auto done = session_->write(
      "enlist",
      [&] { return ask_about_node(doubt::question::node_there, self.id); },
      [&](pqxx::nontransaction &transaction) {
        freed = transaction
                    .exec_params1(sql::enlist, self.id.to_string(),
                                  parameter(self.name), parameter(self.version),
                                  session_->now())[0]
                    .as<int>();
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return freed;
}

result<bool> postgres_store::heartbeat(node_id self,
                                       std::int64_t gate_version) {
  auto is_enlisted = false;
  auto done = session_->write(
      "heartbeat", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        is_enlisted =
            transaction
                .exec_params(sql::heartbeat, self.to_string(), session_->now(),
                             static_cast<long long>(gate_version))
                .affected_rows() > 0;
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return is_enlisted;
}

std::vector<node_view> look_at_nodes(pqxx::nontransaction &transaction,
                                     const std::optional<std::string> &now) {
  std::vector<node_view> seen;
  auto rows = transaction.exec_params(sql::nodes, now);
  for (const auto &row : rows)
    seen.push_back({{node_id(read_uuid(row[0].c_str())),
                     row[1].as<std::string>(), row[2].as<std::string>()},
                    row[3].as<std::int64_t>(),
                    std::chrono::microseconds(row[4].as<long long>())});
  return seen;
}

result<std::vector<node_view>> postgres_store::nodes() {
  std::vector<node_view> seen;
  auto done = session_->look("nodes", [&](pqxx::nontransaction &transaction) {
    seen = look_at_nodes(transaction, session_->now());
  });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return seen;
}

result<int> postgres_store::retire(node_id self) {
  auto freed = 0;
  lanes_.forget();
  auto done = session_->write(
      "retire",
      [&] { return ask_about_node(doubt::question::node_gone, self); },
      [&](pqxx::nontransaction &transaction) {
        freed =
            transaction
                .exec_params1(sql::retire, self.to_string(), session_->now())[0]
                .as<int>();
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return freed;
}

} // namespace sluice::db::postgres
