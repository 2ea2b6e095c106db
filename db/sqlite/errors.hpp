#pragma once

#include <chrono>
#include <exception>
#include <string>
#include <string_view>

#include "db/model/error.hpp"

namespace sluice::db::sqlite {

/// A schema that is not the one this program knows; thrown inside this
/// folder only.
class wrong_schema : public std::exception {
public:
  explicit wrong_schema(std::string text) : text_(std::move(text)) {}
  const char *what() const noexcept override { return text_.c_str(); }

private:
  std::string text_;
};

/// The gate takes no events; thrown inside this folder only.
class gate_closed : public std::exception {
public:
  explicit gate_closed(std::chrono::seconds retry_after)
      : retry_after_(retry_after) {}
  const char *what() const noexcept override {
    return "the gate takes no events at present";
  }
  std::chrono::seconds retry_after() const { return retry_after_; }

private:
  std::chrono::seconds retry_after_;
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
