#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace sluice::db {

/// What the caller does next. No value means "ignore it".
enum class errc {
  /// The database can't be reached, timed out, is full, read-only or shutting
  /// down. Nothing was changed. Drop the session, connect again with back-off.
  unavailable,
  /// The connection was lost inside COMMIT: the change may or may not be
  /// there. Drop the session, connect, and ask `store::resolve`.
  in_doubt,
  /// Another transaction was in the way (serialization, deadlock, a lock that
  /// did not come in time). Nothing was changed; the same call may be
  /// repeated at once on the same session.
  conflict,
  /// The database refuses this very data and always will. Nothing was
  /// changed. Split the batch to find the item, then give it up.
  rejected,
  /// The schema is missing, older or newer than this program knows. Nothing
  /// was changed. An operator has to act; the text says how.
  schema,
  /// Another process owns this database file. An operator has to act.
  locked,
  /// The gate takes no events at present (`ingest_mode::reject`). Nothing was
  /// changed; the session may be used on.
  closed,
};

std::string_view to_string(errc code);

/// A failure of a store call. `text` names the operation and what the
/// database said, in one line, without payloads and credentials.
struct error {
  errc code = errc::unavailable;
  std::string text;
  /// With `in_doubt` only: what `store::resolve` needs, opaque to callers.
  std::string doubt;
  /// With `closed` only: when to ask again.
  std::chrono::seconds retry_after{0};
};

template <class T>
using result = tl::expected<T, error>;

inline tl::unexpected<error> fail(errc code, std::string text) {
  return tl::unexpected<error>(error{code, std::move(text), {}, {}});
}

} // namespace sluice::db
