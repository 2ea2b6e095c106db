#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "db/model/error.hpp"

namespace sluice::db::postgres {

/// Thrown inside this folder only: ends a transaction with this error.
struct refusal : std::runtime_error {
  refusal(errc why, const std::string &text, std::chrono::seconds pause = {})
      : std::runtime_error(text), code(why), retry_after(pause) {}
  errc code;
  std::chrono::seconds retry_after;
};

/// An exception of libpqxx (or ours), sorted.
struct fault {
  errc code = errc::unavailable;
  /// One line; neither data nor credentials.
  std::string text;
  /// The server said itself that the statement failed, so that what it was to
  /// do has not happened, whatever becomes of the connection.
  bool is_definite = false;
  std::chrono::seconds retry_after{0};
};

/// What the caller does about a SQLSTATE.
errc sort_sqlstate(std::string_view state);

/// Sorts the exception that is being handled; call it in a catch block.
fault sort_current_exception();

/// What is told of data that the server refused: its message, unless that
/// quotes the data.
std::string refusal_text(std::string_view state, std::string_view message);

/// `text` without line breaks and control characters, cut to 300 bytes.
std::string one_line(std::string_view text);

} // namespace sluice::db::postgres
