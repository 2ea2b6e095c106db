#include "db/sqlite/functions.hpp"

#include <new>
#include <string>
#include <string_view>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "db/model/ids.hpp"

namespace sluice::db::sqlite {

namespace {

std::string_view text_of(sqlite3_value *value) {
  const auto *text = sqlite3_value_text(value);
  return text == nullptr
             ? std::string_view()
             : std::string_view(
                   reinterpret_cast<const char *>(text),
                   static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

void make_delivery_id(sqlite3_context *call, int /*count*/,
                      sqlite3_value **arguments) noexcept try {
  auto event = uuid::parse(text_of(arguments[0]));
  if (!event) {
    sqlite3_result_error(call, "an event's id is not a UUID", -1);
    sqlite3_result_error_code(call, SQLITE_CONSTRAINT_FUNCTION);
    return;
  }
  auto id = uuid::generate_beside(*event).to_string();
  sqlite3_result_text(call, id.data(), static_cast<int>(id.size()),
                      SQLITE_TRANSIENT);
} catch (const std::bad_alloc &) {
  sqlite3_result_error_nomem(call);
}

} // namespace

void add_functions(sqlite3 *database) {
  int code = sqlite3_create_function_v2(
      database, "delivery_id", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
      make_delivery_id, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK)
    throw SQLite::Exception(database, code);
}

} // namespace sluice::db::sqlite
