#include "db/sqlite/procedures.hpp"

#include <string>

#include "db/sqlite/booking.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr char open_procedure[] =
    "SELECT id FROM procedures WHERE kind = ?1 AND is_open";
constexpr char add_procedure[] =
    "INSERT OR IGNORE INTO procedures (id, kind, is_open, version, document, "
    "begun_at,"
    " changed_at) VALUES (?1, ?2, 1, 1, ?3, ?4, ?4)";
constexpr char change_procedure[] =
    "UPDATE procedures SET is_open = ?3, document = ?4, changed_at = ?5,"
    " version = version + 1 WHERE id = ?1 AND version = ?2 AND is_open";
constexpr char newest_procedures[] =
    "SELECT id, kind, is_open, version, document, begun_at, changed_at"
    " FROM procedures WHERE kind = ?1 ORDER BY id DESC LIMIT ?2";

void take_note(connection &database, const procedure &of,
               const procedure_note &note, timestamp now) {
  if (!note.detail.empty())
    audit(database,
          {one_line(note.actor), of.kind, of.id.to_string(),
           one_line(note.reason), one_line(note.detail)},
          now);
}

} // namespace

bool begin_procedure(connection &database, const procedure &fresh,
                     const procedure_note &note, timestamp now) {
  auto open = database.statement(open_procedure);
  if (open.bind(1, fresh.kind).next())
    return procedure_id(open.id(0)) == fresh.id;
  auto add = database.statement(add_procedure);
  add.bind(1, fresh.id.value())
      .bind(2, fresh.kind)
      .bind(3, fresh.document)
      .bind(4, now);
  if (add.run() == 0)
    return false;
  take_note(database, fresh, note, now);
  return true;
}

bool save_procedure(connection &database, const procedure &changed,
                    const procedure_note &note, timestamp now) {
  auto update = database.statement(change_procedure);
  update.bind(1, changed.id.value())
      .bind(2, changed.version)
      .bind(3, changed.is_open ? 1 : 0)
      .bind(4, changed.document)
      .bind(5, now);
  if (update.run() == 0)
    return false;
  take_note(database, changed, note, now);
  return true;
}

std::vector<procedure> procedures(connection &database, std::string_view kind,
                                  int limit) {
  std::vector<procedure> found;
  auto query = database.statement(newest_procedures);
  const std::string name(kind);
  query.bind(1, name).bind(2, limit);
  while (query.next())
    found.push_back({procedure_id(query.id(0)), query.text(1),
                     query.number(2) != 0, query.number(3), query.text(4),
                     query.time(5), query.time(6)});
  return found;
}

} // namespace sluice::db::sqlite
