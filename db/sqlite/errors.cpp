#include "db/sqlite/errors.hpp"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace sluice::db::sqlite {

namespace {

constexpr int primary(int code) {
  return code & 0xFF;
}

} // namespace

errc classify(int code) {
  switch (primary(code)) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return errc::conflict;
  case SQLITE_CONSTRAINT:
  case SQLITE_TOOBIG:
  case SQLITE_MISMATCH:
  case SQLITE_RANGE:
    return errc::rejected;
  // FULL, IOERR, READONLY, CANTOPEN, NOTADB, CORRUPT, INTERRUPT (the
  // deadline), NOMEM, PERM, AUTH, PROTOCOL, and what nobody foresaw.
  default:
    return errc::unavailable;
  }
}

bool is_medium_failure(int code) {
  switch (primary(code)) {
  case SQLITE_FULL:
  case SQLITE_IOERR:
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_NOTADB:
  case SQLITE_CORRUPT:
  case SQLITE_PROTOCOL:
    return true;
  default:
    return false;
  }
}

int code_of(const std::exception &cause) {
  const auto *known = dynamic_cast<const SQLite::Exception *>(&cause);
  if (known == nullptr)
    return 0;
  // Exceptions made from a code alone carry -1 as the extended one.
  return known->getExtendedErrorCode() > 0 ? known->getExtendedErrorCode()
                                           : known->getErrorCode();
}

error describe(std::string_view operation, const std::exception &cause) {
  std::string text(operation);
  if (const auto *known = dynamic_cast<const refusal *>(&cause))
    return {known->code, text + ": " + cause.what(), {}, known->retry_after};
  int code = code_of(cause);
  if (primary(code) == SQLITE_INTERRUPT)
    return {
        errc::unavailable, text + ": not done within the call's time", {}, {}};
  text += ": ";
  text += cause.what();
  if (code != 0)
    text += " (SQLite " + std::to_string(code) + ")";
  return {classify(code), std::move(text), {}, {}};
}

} // namespace sluice::db::sqlite
