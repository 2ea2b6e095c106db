#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "db/model/gate.hpp"
#include "db/sqlite/connection.hpp"

/// How the gate is written down. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// The rows of `control` that belong to the gate.
class gate_values {
public:
  explicit gate_values(connection &database);

  /// Empty when there is no such row.
  std::string text(const std::string &key) const;
  std::optional<std::int64_t> number(const std::string &key) const;

private:
  std::map<std::string, std::string> values_;
};

/// Writes one of them; an empty text removes it.
void put_gate_value(connection &database, const std::string &key,
                    const std::string &value, timestamp now);

/// What a drain's beginning looked like.
struct drain_begin {
  std::int64_t position = 0;
  timestamp at{};
  std::int64_t waiting = 0;
  std::int64_t quarantined = 0;
};

/// One line of `name=number` pairs, and back; what is missing is 0.
std::string write(const drain_begin &begin);
std::string write(const drain_certificate &certificate);
drain_begin read_begin(std::string_view line);
drain_certificate read_certificate(std::string_view line);

/// The whole state in one line, for people.
std::string write(const gate_state &state);

} // namespace sluice::db::sqlite
