#include "http/in/refusals.hpp"

#include <algorithm>
#include <utility>

#include "http/in/json_text.hpp"
#include "http/in/store_trouble.hpp"

namespace sluice::http {

namespace {

problem unprocessable(std::string_view slug, std::string_view title,
                      std::string detail) {
  problem out;
  out.status = 422;
  out.slug = slug;
  out.title = title;
  out.detail = std::move(detail);
  return out;
}

problem unreadable(std::string_view slug, std::string_view title,
                   std::string detail) {
  problem out = unprocessable(slug, title, std::move(detail));
  out.status = 400;
  return out;
}

std::string unavailable_text(const db::error &why) {
  const auto words = to_words(trouble_in(why.text));
  return words.empty() ? "the store can't be reached, or did not answer in time"
                       : "the store takes no changes: " + std::string(words);
}

problem describe(const json_fault &fault, const json_limits &limits) {
  const std::string where = " at byte " + std::to_string(fault.offset);
  switch (fault.code) {
  case json_errc::encoding:
    return unreadable("invalid-encoding", "Not UTF-8",
                      "the body is not UTF-8 without a byte order mark" +
                          where);
  case json_errc::syntax:
    return unreadable("invalid-json", "Not JSON",
                      "the body is not JSON (RFC 8259)" + where);
  case json_errc::not_an_array:
    return unprocessable("validation", "A field is wrong",
                         "the body has to be an array");
  case json_errc::too_deep:
    return unprocessable("too-deep", "Nested too deeply",
                         "objects and arrays are nested deeper than " +
                             std::to_string(limits.depth) + where);
  case json_errc::too_many_members:
    return unprocessable("too-many-members", "Too many members",
                         "more than " + std::to_string(limits.members) +
                             " members and elements in all" + where);
  case json_errc::duplicate_member:
    return unprocessable("duplicate-member", "Duplicate member",
                         "an object has a member twice: " +
                             pointer_to(fault.name).substr(1) + where);
  case json_errc::nul_character:
    return unprocessable("unsupported-character", "Unsupported character",
                         "U+0000 can't be stored" + where);
  case json_errc::number_out_of_range:
    return unprocessable("number-out-of-range", "Number out of range",
                         "a number is beyond what a double holds" + where);
  }
  return unreadable("invalid-json", "Not JSON", "the body is not JSON");
}

} // namespace

problem invalid_fields(const std::vector<field_fault> &faults,
                       std::string_view slug) {
  std::string errors = "[";
  for (const auto &fault : faults) {
    errors += errors.size() > 1 ? "," : "";
    errors += "{\"pointer\":" + json_string(fault.pointer) +
              ",\"detail\":" + json_string(fault.detail) + '}';
  }
  errors += ']';
  const field_fault &first = faults.front();
  const bool is_known = slug != "unknown-member";
  problem out =
      unprocessable(slug, is_known ? "A field is wrong" : "Unknown member",
                    (first.pointer.empty() ? "the body" : first.pointer) +
                        ": " + first.detail);
  out.extensions.emplace_back("errors", std::move(errors));
  return out;
}

problem invalid_field(std::string pointer, std::string detail) {
  return invalid_fields({{std::move(pointer), std::move(detail)}});
}

problem invalid_json(const json_fault &fault, const json_limits &limits) {
  problem out = describe(fault, limits);
  out.extensions.emplace_back("offset", std::to_string(fault.offset));
  if (fault.code == json_errc::too_deep)
    out.extensions.emplace_back("limit", std::to_string(limits.depth));
  if (fault.code == json_errc::too_many_members)
    out.extensions.emplace_back("limit", std::to_string(limits.members));
  if (fault.code == json_errc::duplicate_member)
    out.extensions.emplace_back(
        "member", json_string(std::string_view(fault.name).substr(0, 255)));
  return out;
}

problem payload_too_large(std::size_t limit) {
  problem out = unprocessable("payload-too-large", "Payload too large",
                              "the payload is larger than " +
                                  std::to_string(limit) + " bytes");
  out.status = 413;
  out.extensions.emplace_back("limit", std::to_string(limit));
  return out;
}

problem no_such_event() {
  problem out =
      unprocessable("not-found", "Not found", "there is no event with this id");
  out.status = 404;
  return out;
}

problem ingest_rejected(std::chrono::seconds retry_after) {
  problem out;
  out.status = 503;
  out.slug = "ingest-rejected";
  out.title = "Events are refused at present";
  out.detail = "an operator has stopped the intake of events; nothing was "
               "written";
  out.retry_after = std::max(1L, static_cast<long>(retry_after.count()));
  return out;
}

problem queue_full(std::chrono::seconds retry_after) {
  problem out;
  out.status = 503;
  out.slug = "queue-full";
  out.title = "The queue is full";
  out.detail = "more events wait than the queue may hold; nothing was written";
  out.retry_after = std::max(1L, static_cast<long>(retry_after.count()));
  return out;
}

problem share_used_up(std::chrono::seconds retry_after) {
  problem out = queue_full(retry_after);
  out.title = "Your share of the queue is full";
  out.detail = "more of your organization's events wait than it may have in "
               "the queue; nothing was written";
  return out;
}

problem store_failure(const db::error &why, std::optional<db::event_id> id) {
  problem out;
  out.status = 503;
  switch (why.code) {
  case db::errc::rejected:
    return unprocessable("validation", "A field is wrong",
                         "the store can't take this");
  case db::errc::closed:
    return ingest_rejected(why.retry_after);
  case db::errc::in_doubt:
    out.slug = "commit-outcome-unknown";
    out.title = "Outcome unknown";
    out.detail = "the connection to the store was lost while it committed; "
                 "repeat the request with the same dedup_id or "
                 "Idempotency-Key";
    if (id)
      out.extensions.emplace_back("event_id", json_string(id->to_string()));
    break;
  case db::errc::unavailable:
  case db::errc::conflict:
  case db::errc::schema:
  case db::errc::locked:
    out.slug = "storage-unavailable";
    out.title = "Storage unavailable";
    out.detail = unavailable_text(why) + "; nothing was written";
    break;
  }
  out.retry_after = 1;
  return out;
}

problem read_failure(const db::error &why) {
  auto out = store_failure(why);
  if (out.slug == "storage-unavailable")
    out.detail = "the store can't be reached";
  return out;
}

} // namespace sluice::http
