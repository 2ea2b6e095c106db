#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "actors/gateway.hpp"
#include "db/model/event_log.hpp"
#include "http/in/problem.hpp"

namespace sluice::http {

/// Where a page of an inbox ends, and whose and which inbox it is.
struct cursor {
  db::organization_id organization;
  /// The filter of the query; nothing: every status.
  std::optional<db::delivery_status> status;
  /// See `inbox_entry::position`.
  db::uuid position;
};

/// Makes text of cursors that clients can hand back but not make or change.
/// The secret is the store's, the same on every node. Thread-safe.
class cursor_codec {
public:
  explicit cursor_codec(actors::gateway &gateway,
                        db::clock_source clock = &db::system_now);

  /// Valid for a day.
  tl::expected<std::string, problem> seal(const cursor &place);

  /// The position, when the text was sealed for this organization and filter;
  /// else 400 `invalid-cursor`. 503 when the secret can't be had.
  tl::expected<db::uuid, problem>
  open(std::string_view text, db::organization_id organization,
       std::optional<db::delivery_status> status);

  /// The same for a place in an organization's log, for what `use` says. Valid
  /// as long as the log is: who was away for a week goes on where it was.
  tl::expected<std::string, problem> seal(const db::log_position &place,
                                          db::organization_id organization,
                                          std::string_view use);
  tl::expected<db::log_position, problem> open(std::string_view text,
                                               db::organization_id organization,
                                               std::string_view use);

private:
  tl::expected<std::string, problem> secret();

  actors::gateway &gateway_;
  db::clock_source clock_;
  std::mutex mutex_;
  std::string secret_;
};

} // namespace sluice::http
