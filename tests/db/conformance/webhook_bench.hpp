#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/db/conformance/bench.hpp"

/// What tests of webhooks share.
namespace sluice::tests {

using result_kind = db::delivery_result::kind;

/// An endpoint in which every field has a value of its own, for these types.
inline db::endpoint make_endpoint(db::organization_id owner,
                                  std::vector<std::string> types = {}) {
  db::endpoint made;
  made.id = db::endpoint_id::generate();
  made.organization = owner;
  made.url = "https://example.com/" + made.id.to_string();
  made.description = "orders, \"quoted\"";
  made.event_types = std::move(types);
  made.headers = {{"X-Two", "2"}, {"X-One", "\xC3\xA4 \\ \""}};
  made.max_in_flight = 5;
  made.rate_per_second = 7;
  made.secrets = {{std::string("\0\x7F\xFFnew", 6), {}},
                  {"old", db::timestamp(1'767'225'600'123'456us)}};
  return made;
}

/// A bench with one node that sends webhooks.
class webhook_bench : public bench {
public:
  using bench::bench;

  db::endpoint add(std::vector<std::string> types = {}) {
    return add_for(owner(), std::move(types));
  }
  db::endpoint add_for(db::organization_id of,
                       std::vector<std::string> types = {}) {
    auto made = make_endpoint(of, std::move(types));
    REQUIRE(value_of(session().create_endpoint(made, 100)));
    auto kept = value_of(session().find_endpoint(of, made.id));
    REQUIRE(kept);
    return *kept;
  }

  /// Events in the log.
  std::vector<db::event_id> store_some(int count) {
    auto ids = accept_some(count);
    move_all();
    return ids;
  }

  db::delivery_request request(std::vector<db::delivery_share> shares,
                               int limit = 100) const {
    return {.node = node().id,
            .fence = db::claim_id::generate(),
            .lease = 60s,
            .limit = limit,
            .shares = std::move(shares)};
  }
  db::delivery_claim take(const db::delivery_request &asked) {
    return value_of(session().claim_deliveries(asked));
  }
  db::delivery_claim take(const db::endpoint &from, int limit = 100) {
    return take(request({{from.id, limit}}));
  }

  db::record_outcome record(std::vector<db::delivery_result> results) {
    return value_of(session().record_deliveries(results));
  }
  /// Says the same of all.
  db::record_outcome record(const db::delivery_claim &of, result_kind what,
                            std::chrono::milliseconds retry_in = 10s) {
    std::vector<db::delivery_result> results;
    for (const auto &taken : of.deliveries)
      results.push_back(result_of(of, taken, what, retry_in));
    return record(results);
  }
  static db::delivery_result
  result_of(const db::delivery_claim &of, const db::claimed_delivery &taken,
            result_kind what, std::chrono::milliseconds retry_in = 10s) {
    db::delivery_result told;
    told.id = taken.id;
    told.organization = taken.organization;
    told.fence = of.fence;
    told.what = what;
    told.retry_in = retry_in;
    told.begun_ago = 250ms;
    told.duration = 200ms;
    if (what != result_kind::delivered) {
      told.response_status = 503;
      told.error = "answered 503";
    } else {
      told.response_status = 204;
    }
    return told;
  }

  /// How many deliveries of webhooks stand at this.
  long standing(const std::string &status) {
    return count("event_deliveries WHERE next_attempt_at IS NOT NULL AND"
                 " status = '" +
                 status + "'");
  }
  long of_endpoint(const db::endpoint &which) {
    return count("event_deliveries WHERE endpoint_id = '" +
                 which.id.to_string() + "'");
  }
  db::delivery_depth depth(int limit = 100) {
    return value_of(session().count_deliveries(limit));
  }
};

} // namespace sluice::tests
