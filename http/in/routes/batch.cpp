#include "http/in/routes/batch.hpp"

#include <cassert>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "http/in/json_scan.hpp"
#include "http/in/media_type.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/accepting.hpp"
#include "http/in/secrets.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t most_events = 1000;

/// An event of the batch: its body, or why it can't be taken.
using row = tl::expected<event_body, problem>;
/// What became of it.
using verdict = tl::expected<taken, problem>;

row read_row(const json_scanner::scanned &value, std::size_t max_payload) {
  if (!value)
    return tl::unexpected(invalid_json(value.error()));
  return read_event(*value, max_payload);
}

tl::expected<std::vector<row>, problem> read_array(std::string_view body,
                                                   std::size_t max_payload) {
  json_scanner scanner;
  std::vector<row> rows;
  const auto whole = scanner.scan_array(
      body, [&rows, max_payload](const json_scanner::scanned &value) {
        rows.push_back(read_row(value, max_payload));
        return rows.size() <= most_events;
      });
  if (!whole)
    return tl::unexpected(invalid_json(whole.error()));
  return rows;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::vector<row> read_lines(std::string_view body, std::size_t max_payload) {
  json_scanner scanner;
  std::vector<row> rows;
  while (!body.empty() && rows.size() <= most_events) {
    const auto line = body.substr(0, body.find('\n'));
    if (!is_blank(line))
      rows.push_back(read_row(scanner.scan(line), max_payload));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
  }
  return rows;
}

tl::expected<std::vector<row>, problem> read_rows(const request &in,
                                                  std::size_t max_payload) {
  const auto type = body_type(in, true);
  if (!type)
    return tl::unexpected(type.error());
  auto rows = *type == media_type::json ? read_array(in.body, max_payload)
                                        : read_lines(in.body, max_payload);
  if (rows && (rows->empty() || rows->size() > most_events)) {
    problem out = invalid_field("", "has to hold 1 to 1000 events");
    out.extensions.emplace_back("limit", std::to_string(most_events));
    return tl::unexpected(std::move(out));
  }
  return rows;
}

/// A key for each place of a batch, of the batch's own key. Hashed, to stay
/// within a key's length.
std::optional<std::string> key_at(std::optional<std::string_view> key,
                                  std::size_t index) {
  if (!key)
    return std::nullopt;
  const auto digest =
      db::sha256(std::string(*key) + '\n' + std::to_string(index));
  return "batch:" + to_base64url({reinterpret_cast<const char *>(digest.data()),
                                  digest.size()});
}

/// Hands the good events over; a refusal of the whole when nothing was
/// written.
tl::expected<std::vector<verdict>, problem>
accept_rows(service &shared, db::organization_id owner, std::vector<row> rows,
            std::optional<std::string_view> key, bool is_sync) {
  std::vector<verdict> verdicts(rows.size());
  std::vector<db::new_event> events;
  std::vector<std::pair<std::size_t, db::event_id>> places;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i]) {
      verdicts[i] = tl::unexpected(std::move(rows[i].error()));
      continue;
    }
    events.push_back(make_event(owner, std::move(*rows[i]), key_at(key, i)));
    places.emplace_back(i, events.back().id);
  }
  if (events.empty())
    return verdicts;
  // Only now it is known how many they are.
  if (auto closed = refusal_of(shared.gateway.intake(owner, events.size())))
    return tl::unexpected(std::move(*closed));
  const auto reply = shared.gateway.accept(std::move(events));
  if (!reply && reply.error().code != db::errc::in_doubt)
    return tl::unexpected(store_failure(reply.error()));
  for (std::size_t k = 0; k < places.size(); ++k) {
    const auto [place, own] = places[k];
    verdicts[place] =
        reply ? judge(reply->at(k), own, key.has_value(), is_sync)
              : verdict(tl::unexpected(store_failure(reply.error(), own)));
  }
  return verdicts;
}

std::string to_json(std::size_t index, const verdict &what,
                    std::string_view request_id) {
  std::string out = "{\"index\":" + std::to_string(index) + ",\"status\":";
  if (what)
    return out + std::to_string(what->status()) + ",\"id\":\"" +
           what->id.to_string() + "\"}";
  const problem &why = what.error();
  return out + std::to_string(why.status) +
         ",\"error\":" + to_response(why, request_id).body + '}';
}

} // namespace

std::size_t batch_body_limit(const config::http_settings &settings) {
  return settings.max_payload * 64;
}

answer post_batch(service &shared, tenant_call &call) {
  const auto intake = shared.gateway.intake(call.who.owner.id, 1);
  if (auto closed = refusal_of(intake))
    return tl::unexpected(std::move(*closed));
  const auto key = idempotency_key(call.in);
  if (!key)
    return tl::unexpected(key.error());
  auto rows = read_rows(call.in, shared.settings.http.max_payload);
  if (!rows)
    return tl::unexpected(std::move(rows.error()));
  const auto &owner = call.who.owner;
  // One was taken for the request, before its body was read.
  const int cost = static_cast<int>(rows->size()) - 1;
  call.rate = shared.limiter.take(owner.id, owner.rate_limit_per_minute, cost);
  if (!call.rate.is_allowed)
    return tl::unexpected(rate_limited(call.rate, cost + 1));
  const auto verdicts =
      accept_rows(shared, owner.id, std::move(*rows), *key, intake.is_sync);
  if (!verdicts)
    return tl::unexpected(verdicts.error());
  const bool is_created =
      !verdicts->empty() && verdicts->front() && verdicts->front()->is_created;
  int status = is_created ? 201 : 202;
  std::string body = "{\"results\":[";
  for (std::size_t i = 0; i < verdicts->size(); ++i) {
    const verdict &one = (*verdicts)[i];
    body += i > 0 ? "," : "";
    body += to_json(i, one, call.in.id);
    // Also when the gate was turned between two commits of one batch.
    if (!one || one->is_created != is_created)
      status = 207;
  }
  return json_answer(status, body + "]}");
}

} // namespace sluice::http
