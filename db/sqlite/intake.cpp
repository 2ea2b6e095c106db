#include "db/sqlite/intake.hpp"

#include <algorithm>
#include <cstring>

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

/// One batch on its way in: its statements, and what the ledger gets.
class batch {
public:
  batch(connection &database, std::chrono::seconds window, timestamp now)
      : find_key_(database.statement(sql::find_dedup_key)),
        put_key_(database.statement(sql::put_dedup_key)),
        enqueue_(database.statement(sql::enqueue)),
        ledger_(database.statement(sql::add_to_ledger)), now_(now),
        expires_at_(now + window) {}

  accept_outcome take(const new_event &event) {
    auto outcome =
        event.key ? decide(event, *event.key)
                  : accept_outcome{accept_outcome::kind::accepted, event.id};
    if (outcome.what == accept_outcome::kind::accepted) {
      enqueue(event);
      count(event.organization);
    }
    return outcome;
  }

  void close() {
    for (const auto &[owner, events] : accepted_) {
      ledger_.bind(1, now_).bind_null(2).bind(3, "accepted");
      ledger_.bind(4, events).bind(5, owner).run();
    }
  }

private:
  accept_outcome decide(const new_event &event, const dedup_key &key) {
    auto hash = hash_body(event);
    auto owner = event.organization.to_string();
    find_key_.bind(1, owner).bind(2, to_text(key.scope));
    find_key_.bind(3, key.text).bind(4, now_);
    bool is_taken = find_key_.next() && find_key_.number(2) != 0;
    auto outcome = accept_outcome{accept_outcome::kind::accepted, event.id};
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

  void enqueue(const new_event &event) {
    enqueue_.bind(1, event.id).bind(2, event.organization);
    enqueue_.bind(3, event.type).bind(4, event.payload);
    if (event.key && event.key->scope == dedup_scope::event)
      enqueue_.bind(5, event.key->text);
    else
      enqueue_.bind_null(5);
    enqueue_.bind(6, now_).run();
  }

  /// Batches hold few organizations, and often one.
  void count(organization_id owner) {
    auto found =
        std::find_if(accepted_.begin(), accepted_.end(),
                     [&](const auto &entry) { return entry.first == owner; });
    if (found == accepted_.end())
      accepted_.emplace_back(owner, 1);
    else
      ++found->second;
  }

  statement_loan find_key_;
  statement_loan put_key_;
  statement_loan enqueue_;
  statement_loan ledger_;
  timestamp now_;
  timestamp expires_at_;
  std::vector<std::pair<organization_id, std::int64_t>> accepted_;
};

char letter(accept_outcome::kind what) {
  switch (what) {
  case accept_outcome::kind::accepted:
    return 'a';
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
  case 'd':
    return accept_outcome::kind::duplicate;
  case 'm':
    return accept_outcome::kind::mismatch;
  default:
    return std::nullopt;
  }
}

constexpr std::size_t id_size = 36;
constexpr std::size_t doubt_entry_size = 1 + id_size;

bool was_accepted(const accept_outcome &outcome) {
  return outcome.what == accept_outcome::kind::accepted;
}

} // namespace

std::vector<accept_outcome> accept(connection &database,
                                   std::span<const new_event> events,
                                   std::chrono::seconds window, timestamp now) {
  batch work(database, window, now);
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
      std::find_if(doubt.outcomes.begin(), doubt.outcomes.end(), was_accepted);
  return first == doubt.outcomes.end() ||
         (query.bind(1, first->id).bind(2, doubt.owner).next() &&
          query.number(0) != 0);
}

std::string write_doubt(std::span<const new_event> events,
                        const std::vector<accept_outcome> &outcomes) {
  std::string doubt;
  doubt.reserve(id_size + outcomes.size() * doubt_entry_size);
  auto first = std::find_if(outcomes.begin(), outcomes.end(), was_accepted);
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
  auto owner = organization_id::parse(doubt.substr(0, id_size));
  if (!owner || (doubt.size() - id_size) % doubt_entry_size != 0)
    return std::nullopt;
  accept_doubt found{*owner, {}};
  for (std::size_t at = id_size; at < doubt.size(); at += doubt_entry_size) {
    auto what = kind_of(doubt[at]);
    auto id = event_id::parse(doubt.substr(at + 1, id_size));
    if (!what || !id)
      return std::nullopt;
    found.outcomes.push_back({*what, *id});
  }
  return found;
}

} // namespace sluice::db::sqlite
