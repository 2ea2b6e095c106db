#pragma once

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "db/model/error.hpp"

namespace sluice::db::sqlite {

/// Thrown inside this folder only: ends a transaction with this error.
struct refusal : std::runtime_error {
  refusal(errc why, const std::string &text, std::chrono::seconds pause = {})
      : std::runtime_error(text), code(why), retry_after(pause) {}
  errc code;
  std::chrono::seconds retry_after;
};

/// What a caller does about an SQLite result code, extended or not.
errc classify(int code);

/// True for failures of the medium: after one of them nothing that was
/// written may be believed until a write and its fsync have succeeded.
bool is_medium_failure(int code);

/// The extended result code of an exception; 0 when it has none.
int code_of(const std::exception &cause);

/// The error for `cause`, naming the operation. Never throws.
error describe(std::string_view operation, const std::exception &cause);

} // namespace sluice::db::sqlite
