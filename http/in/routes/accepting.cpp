#include "http/in/routes/accepting.hpp"

#include <algorithm>
#include <utility>

#include "http/in/refusals.hpp"

namespace sluice::http {

namespace {

bool is_printable_ascii(char c) {
  return c >= 0x20 && c < 0x7F;
}

problem conflicting(int status, std::string_view slug, std::string_view title,
                    std::string detail, db::event_id first) {
  problem out;
  out.status = status;
  out.slug = slug;
  out.title = title;
  out.detail = std::move(detail);
  const std::string id = json_string(first.to_string());
  out.extensions.emplace_back("event_id", id);
  out.extensions.emplace_back("id", id);
  return out;
}

} // namespace

tl::expected<std::optional<std::string_view>, problem>
idempotency_key(const request &in) {
  constexpr std::size_t longest = 255;
  const auto value = in.header("idempotency-key");
  if (!value)
    return std::nullopt;
  const bool is_good =
      !value->empty() && value->size() <= longest &&
      std::all_of(value->begin(), value->end(), is_printable_ascii);
  if (is_good && in.header_count("idempotency-key") == 1)
    return value;
  problem out = invalid_field("header:Idempotency-Key",
                              "has to be 1 to 255 printable ASCII "
                              "characters, once");
  if (is_good)
    out.status = 400;
  return tl::unexpected(std::move(out));
}

db::new_event make_event(db::organization_id owner, event_body body,
                         std::optional<std::string> request_key) {
  db::new_event out;
  out.id = db::event_id::generate();
  out.organization = owner;
  out.type = std::move(body.type);
  out.payload = body.payload;
  if (body.dedup_id)
    out.key = {db::dedup_scope::event, std::move(*body.dedup_id)};
  else if (request_key)
    out.key = {db::dedup_scope::request, std::move(*request_key)};
  return out;
}

tl::expected<taken, problem>
judge(const db::result<db::accept_outcome> &outcome, db::event_id own,
      bool is_replay, bool is_sync) {
  using kind = db::accept_outcome::kind;
  if (!outcome)
    return tl::unexpected(store_failure(outcome.error(), own));
  switch (outcome->what) {
  case kind::accepted:
    return taken{outcome->id, false};
  case kind::created:
    return taken{outcome->id, true};
  case kind::duplicate:
    if (!is_replay)
      return tl::unexpected(
          conflicting(409, "duplicate-event", "Duplicate event",
                      "Duplicate event detected", outcome->id));
    break;
  case kind::mismatch:
    return tl::unexpected(conflicting(
        422, "idempotency-mismatch", "Not the same event",
        "an event with this key has another type or payload", outcome->id));
  }
  return taken{outcome->id, is_sync};
}

std::optional<problem> refusal_of(const actors::intake_state &intake) {
  using enum actors::intake_state::kind;
  switch (intake.what) {
  case open:
    break;
  case rejected:
    return ingest_rejected(intake.retry_after);
  case full:
    return queue_full(intake.retry_after);
  case over_share:
    return share_used_up(intake.retry_after);
  }
  return std::nullopt;
}

} // namespace sluice::http
