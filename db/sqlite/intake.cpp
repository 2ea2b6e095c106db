#include "db/sqlite/intake.hpp"

#include <algorithm>
#include <cstring>

#include "db/sqlite/booking.hpp"
#include "db/sqlite/errors.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/moving_queries.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

const char *to_text(dedup_scope scope) {
  switch (scope) {
  case dedup_scope::event:
    return "event";
  case dedup_scope::request:
    return "request";
  }
  return "event";
}

sha256_digest hash_body(const new_event &event) {
  std::string body;
  body.reserve(event.type.size() + 1 + event.payload.size());
  body.append(event.type).push_back('\0');
  body.append(event.payload);
  return sha256(body);
}

/// Whether the event was written by this call.
bool is_fresh(const accept_outcome &outcome) {
  return outcome.what == accept_outcome::kind::accepted ||
         outcome.what == accept_outcome::kind::created;
}

/// One batch on its way in: its statements, and what the ledger gets.
class batch {
public:
  batch(connection &database, std::chrono::seconds window, timestamp now,
        accept_outcome::kind fresh)
      : find_key_(database.statement(sql::find_dedup_key)),
        put_key_(database.statement(sql::put_dedup_key)),
        write_(database.statement(is_created(fresh) ? sql::create_event
                                                    : sql::enqueue)),
        deliver_(database.statement(sql::create_deliveries)),
        entries_(database, is_created(fresh) ? "created" : "accepted", now),
        now_(now), expires_at_(now + window), fresh_(fresh) {}

  accept_outcome take(const new_event &event) {
    auto outcome = event.key ? decide(event, *event.key)
                             : accept_outcome{fresh_, event.id};
    if (is_fresh(outcome)) {
      write(event);
      entries_.add(event.organization, event.id);
    }
    return outcome;
  }

  void close() { entries_.write(); }

private:
  static bool is_created(accept_outcome::kind fresh) {
    return fresh == accept_outcome::kind::created;
  }

  accept_outcome decide(const new_event &event, const dedup_key &key) {
    auto hash = hash_body(event);
    auto owner = event.organization.to_string();
    find_key_.bind(1, owner).bind(2, to_text(key.scope));
    find_key_.bind(3, key.text).bind(4, now_);
    bool is_taken = find_key_.next() && find_key_.number(2) != 0;
    auto outcome = accept_outcome{fresh_, event.id};
    if (is_taken)
      outcome = earlier(hash);
    find_key_->reset();
    if (!is_taken)
      put_key(event, key, hash, owner);
    return outcome;
  }

  /// The outcome for an event whose key was found.
  accept_outcome earlier(const sha256_digest &hash) {
    auto kept = find_key_->getColumn(1);
    bool is_same = kept.getBytes() == static_cast<int>(hash.size()) &&
                   std::memcmp(kept.getBlob(), hash.data(), hash.size()) == 0;
    return {is_same ? accept_outcome::kind::duplicate
                    : accept_outcome::kind::mismatch,
            event_id(find_key_.id(0))};
  }

  void put_key(const new_event &event, const dedup_key &key,
               const sha256_digest &hash, const std::string &owner) {
    put_key_.bind(1, owner).bind(2, to_text(key.scope)).bind(3, key.text);
    put_key_.bind(4, event.id).bind_blob(5, hash.data(), hash.size());
    put_key_.bind(6, expires_at_).run();
  }

  /// Into the queue, or into the log with its deliveries: the statements take
  /// the same, but for the lane.
  void write(const new_event &event) {
    write_.bind(1, event.id).bind(2, event.organization);
    write_.bind(3, event.type).bind(4, event.payload);
    if (event.key && event.key->scope == dedup_scope::event)
      write_.bind(5, event.key->text);
    else
      write_.bind_null(5);
    write_.bind(6, now_);
    if (!is_created(fresh_))
      write_.bind(7, std::int64_t{event.lane});
    write_.run();
    if (is_created(fresh_))
      deliver_.bind(1, now_)
          .bind(2, event.organization)
          .bind(3, event.id)
          .bind(4, event.type)
          .run();
  }

  statement_loan find_key_;
  statement_loan put_key_;
  statement_loan write_;
  statement_loan deliver_;
  ledger_entries entries_;
  timestamp now_;
  timestamp expires_at_;
  accept_outcome::kind fresh_;
};

char letter(accept_outcome::kind what) {
  switch (what) {
  case accept_outcome::kind::accepted:
    return 'a';
  case accept_outcome::kind::created:
    return 'c';
  case accept_outcome::kind::duplicate:
    return 'd';
  case accept_outcome::kind::mismatch:
    return 'm';
  }
  return 'a';
}

std::optional<accept_outcome::kind> kind_of(char letter) {
  switch (letter) {
  case 'a':
    return accept_outcome::kind::accepted;
  case 'c':
    return accept_outcome::kind::created;
  case 'd':
    return accept_outcome::kind::duplicate;
  case 'm':
    return accept_outcome::kind::mismatch;
  default:
    return std::nullopt;
  }
}

constexpr std::size_t id_text_size = 36;
constexpr std::size_t doubt_entry_size = 1 + id_text_size;

/// What becomes of events that come in now. Throws `refusal` (closed).
accept_outcome::kind fresh_events(connection &database) {
  switch (read_ingest_mode(database)) {
  case ingest_mode::async:
    break;
  case ingest_mode::sync:
    return accept_outcome::kind::created;
  case ingest_mode::reject:
    throw refusal(errc::closed, "the gate takes no events at present",
                  read_gate(database, {}).retry_after);
  }
  return accept_outcome::kind::accepted;
}

} // namespace

std::vector<accept_outcome> accept(connection &database,
                                   std::span<const new_event> events,
                                   std::chrono::seconds window, timestamp now) {
  const auto fresh = fresh_events(database);
  if (fresh == accept_outcome::kind::created)
    database.statement(sql::next_position).run();
  batch work(database, window, now, fresh);
  std::vector<accept_outcome> outcomes;
  outcomes.reserve(events.size());
  for (const auto &event : events)
    outcomes.push_back(work.take(event));
  work.close();
  return outcomes;
}

bool was_committed(connection &database, const accept_doubt &doubt) {
  auto query = database.statement(sql::is_known_event);
  // All or none of them is there, so that one tells.
  auto first =
      std::find_if(doubt.outcomes.begin(), doubt.outcomes.end(), is_fresh);
  return first == doubt.outcomes.end() ||
         (query.bind(1, first->id).bind(2, doubt.owner).next() &&
          query.number(0) != 0);
}

std::string write_doubt(std::span<const new_event> events,
                        const std::vector<accept_outcome> &outcomes) {
  std::string doubt;
  doubt.reserve(id_text_size + outcomes.size() * doubt_entry_size);
  auto first = std::find_if(outcomes.begin(), outcomes.end(), is_fresh);
  auto at = static_cast<std::size_t>(first - outcomes.begin());
  auto owner = at < events.size() ? events[at].organization : organization_id();
  owner.value().append_to(doubt);
  for (const auto &outcome : outcomes) {
    doubt += letter(outcome.what);
    outcome.id.value().append_to(doubt);
  }
  return doubt;
}

std::optional<accept_doubt> read_doubt(std::string_view doubt) {
  auto owner = organization_id::parse(doubt.substr(0, id_text_size));
  if (!owner || (doubt.size() - id_text_size) % doubt_entry_size != 0)
    return std::nullopt;
  accept_doubt found{*owner, {}};
  for (std::size_t at = id_text_size; at < doubt.size();
       at += doubt_entry_size) {
    auto what = kind_of(doubt[at]);
    auto id = event_id::parse(doubt.substr(at + 1, id_text_size));
    if (!what || !id)
      return std::nullopt;
    found.outcomes.push_back({*what, *id});
  }
  return found;
}

} // namespace sluice::db::sqlite
