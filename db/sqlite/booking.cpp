#include "db/sqlite/booking.hpp"

#include <algorithm>

#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr std::size_t longest_line = 1000;
constexpr std::size_t id_size = sizeof(uuid::bytes_type);
/// Keeps a row, and what a reader needs for one, small.
constexpr std::size_t most_bytes_of_ids = 10'000 * id_size;

} // namespace

ledger_entries::ledger_entries(connection &database, const char *kind,
                               timestamp now)
    : insert_(database.statement(sql::add_to_ledger)), kind_(kind), now_(now) {}

void ledger_entries::add(organization_id owner) {
  ++entry_of(owner).count;
}

void ledger_entries::add(organization_id owner, event_id id) {
  auto *made = &entry_of(owner);
  if (made->ids.size() >= most_bytes_of_ids)
    made = &entries_.emplace_back(entry{owner, 0, {}});
  ++made->count;
  const auto &bytes = id.value().bytes();
  made->ids.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

std::int64_t ledger_entries::write() {
  std::int64_t sum = 0;
  for (const auto &made : entries_) {
    write(made);
    sum += made.count;
  }
  entries_.clear();
  return sum;
}

/// The newest of this organization. Calls are of few organizations, and
/// often of one; longer lists come in order.
ledger_entries::entry &ledger_entries::entry_of(organization_id owner) {
  auto found =
      std::find_if(entries_.rbegin(), entries_.rend(),
                   [&](const entry &made) { return made.owner == owner; });
  return found != entries_.rend() ? *found
                                  : entries_.emplace_back(entry{owner, 0, {}});
}

void ledger_entries::write(const entry &made) {
  insert_.bind(1, now_).bind_null(2).bind(3, kind_);
  insert_.bind(4, made.count).bind(5, made.owner);
  if (made.ids.empty())
    insert_.bind_null(6);
  else
    insert_.bind_blob(6, made.ids.data(), made.ids.size());
  insert_.run();
}

void audit(connection &database, const audit_entry &entry, timestamp now) {
  auto actor = one_line(entry.actor);
  auto reason = one_line(entry.reason);
  database.statement(sql::add_to_audit_log)
      .bind(1, now)
      .bind(2, actor)
      .bind(3, entry.action)
      .bind(4, entry.target)
      .bind(5, reason)
      .bind(6, entry.detail)
      .run();
}

std::string one_line(std::string_view text) {
  if (text.size() > longest_line) {
    auto end = longest_line;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
      --end;
    text = text.substr(0, end);
  }
  std::string line(text);
  for (auto &character : line)
    if (static_cast<unsigned char>(character) < ' ')
      character = ' ';
  return line;
}

} // namespace sluice::db::sqlite
