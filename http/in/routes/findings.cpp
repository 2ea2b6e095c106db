#include "http/in/routes/findings.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::http {

std::int64_t mendable(const db::assessment &seen) {
  const auto other =
      std::ranges::count(seen.doubled, false, &db::doubled_item::is_same);
  // Those that are not named are taken for the same.
  return seen.doubled_count.value_or(0) - other;
}

std::int64_t unmendable(const db::assessment &seen) {
  return seen.books ? seen.books->fault_count - mendable(seen) : 0;
}

std::vector<db::node_view> silent_nodes(const db::assessment &seen,
                                        const config::settings &now) {
  std::vector<db::node_view> out;
  std::ranges::copy_if(seen.nodes, std::back_inserter(out),
                       [&](const db::node_view &one) {
                         return one.silent_for > now.node.dead_after;
                       });
  return out;
}

std::vector<finding> findings_of(const db::assessment &seen,
                                 const config::settings &now) {
  std::vector<finding> out;
  const auto add = [&](std::string_view code, std::int64_t count,
                       std::string_view next) {
    if (count > 0)
      out.push_back({code, count, next});
  };
  const auto same = mendable(seen);
  add("stuck", seen.depth.stuck, "recover --dry-run");
  add("in_log_already", same, "recover --dry-run");
  add("in_log_with_other_contents", seen.doubled_count.value_or(0) - same,
      "queue show ID");
  if (seen.books) {
    add("not_where_the_books_have_it",
        unmendable(seen) - (seen.doubled_count.value_or(0) - same),
        "ledger repair --dry-run");
    if (seen.books->fault_count == 0 && !seen.books->sums.is_balanced())
      add("books_do_not_add_up", 1, "ledger verify");
  } else if (seen.verdict) {
    add("books_did_not_balance",
        seen.verdict->is_balanced
            ? 0
            : std::max<std::int64_t>(seen.verdict->fault_count, 1),
        "ledger verify");
  } else {
    add("books_not_checked", 1, "ledger verify");
  }
  add("quarantined", seen.depth.quarantined, "queue list --status quarantined");
  add("silent_nodes", static_cast<std::int64_t>(silent_nodes(seen, now).size()),
      "nodes");
  return out;
}

} // namespace sluice::http
