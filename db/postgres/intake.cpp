#include <algorithm>
#include <map>
#include <tuple>

#include <pqxx/binarystring>

#include "db/postgres/binary_array.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

using outcome_kind = accept_outcome::kind;

std::string_view to_string(dedup_scope scope) {
  switch (scope) {
  case dedup_scope::event:
    return "event";
  case dedup_scope::request:
    return "request";
  }
  return {};
}

sha256_digest hash_body(const new_event &event) {
  std::string body;
  body.reserve(event.type.size() + 1 + event.payload.size());
  return sha256(body.append(event.type).append(1, '\0').append(event.payload));
}

/// Decides which events of a batch win their keys.
class key_decision {
public:
  key_decision(std::span<const new_event> events,
               std::vector<accept_outcome> &outcomes)
      : events_(events), outcomes_(outcomes) {
    for (std::size_t at = 0; at < events.size(); ++at) {
      const auto &event = events[at];
      if (!event.key)
        continue;
      hashes_[at] = hash_body(event);
      auto key = std::tuple(event.organization, event.key->scope,
                            std::string_view(event.key->text));
      auto &rivals = by_key_[key];
      rivals.push_back(at);
    }
  }

  /// Takes the keys in the database and marks in `outcomes` who lost.
  void decide(pqxx::nontransaction &transaction, std::chrono::seconds window,
              const std::optional<std::string> &now) {
    std::vector<std::size_t> first;
    for (const auto &[key, rivals] : by_key_)
      first.push_back(rivals.front());
    auto losers = take_keys(transaction, first, window, now);
    if (!losers.empty())
      find_holders(transaction, losers);
    for (const auto &[key, rivals] : by_key_)
      settle_rivals(rivals);
  }

private:
  using key_type = std::tuple<organization_id, dedup_scope, std::string_view>;
  using positions = std::vector<std::size_t>;

  std::string organizations(const positions &chosen) const {
    return array_of(chosen, [this](std::string &array, std::size_t at) {
      events_[at].organization.value().append_to(array);
    });
  }

  std::string scopes(const positions &chosen) const {
    return array_of(chosen, [this](std::string &array, std::size_t at) {
      array += to_string(events_[at].key->scope);
    });
  }

  std::string texts(const positions &chosen) const {
    return array_of(chosen, [this](std::string &array, std::size_t at) {
      append_quoted(array, events_[at].key->text);
    });
  }

  /// Returns those whose key is held by an earlier event.
  positions take_keys(pqxx::nontransaction &transaction,
                      const positions &chosen, std::chrono::seconds window,
                      const std::optional<std::string> &now) {
    auto ids = array_of(chosen, [this](std::string &array, std::size_t at) {
      events_[at].id.value().append_to(array);
    });
    auto hashes = array_of(chosen, [this](std::string &array, std::size_t at) {
      append_quoted(array, bytea(hashes_.at(at)));
    });
    auto rows = transaction.exec_params(
        sql::take_keys, organizations(chosen), scopes(chosen), texts(chosen),
        ids, hashes, static_cast<long long>(window.count()), now);
    std::vector<uuid> winners;
    for (const auto &row : rows)
      winners.push_back(read_uuid(row[0].c_str()));
    std::sort(winners.begin(), winners.end());
    positions losers;
    for (auto at : chosen)
      if (!std::binary_search(winners.begin(), winners.end(),
                              events_[at].id.value()))
        losers.push_back(at);
    return losers;
  }

  void find_holders(pqxx::nontransaction &transaction,
                    const positions &losers) {
    auto numbers = array_of(losers, [](std::string &array, std::size_t at) {
      array += std::to_string(at);
    });
    auto rows =
        transaction.exec_params(sql::find_holders, organizations(losers),
                                scopes(losers), texts(losers), numbers);
    if (static_cast<std::size_t>(rows.size()) != losers.size())
      throw refusal(errc::conflict, "a key changed hands meanwhile");
    for (const auto &row : rows) {
      auto at = row[0].as<std::size_t>();
      auto is_same = bytea(hashes_.at(at)) == row[2].c_str();
      outcomes_[at] = {is_same ? outcome_kind::duplicate
                               : outcome_kind::mismatch,
                       event_id(read_uuid(row[1].c_str()))};
      holder_hashes_[at] = row[2].c_str();
    }
  }

  /// The first of the rivals has won or lost against earlier events; the
  /// others have lost against whoever holds the key now.
  void settle_rivals(const positions &rivals) {
    auto first = rivals.front();
    auto found = holder_hashes_.find(first);
    auto held = found == holder_hashes_.end() ? bytea(hashes_.at(first))
                                              : found->second;
    for (auto at : std::span(rivals).subspan(1))
      outcomes_[at] = {bytea(hashes_.at(at)) == held ? outcome_kind::duplicate
                                                     : outcome_kind::mismatch,
                       outcomes_[first].id};
  }

  std::span<const new_event> events_;
  std::vector<accept_outcome> &outcomes_;
  /// In the order in which their keys are taken.
  std::map<key_type, positions> by_key_;
  std::map<std::size_t, sha256_digest> hashes_;
  std::map<std::size_t, std::string> holder_hashes_;
};

using event_list = std::vector<const new_event *>;

/// What a commit with fewer events saves by one message more to the server is
/// less than the message costs.
constexpr std::size_t worth_a_message = 64;

/// What `sluice_accept` takes.
class accept_call {
public:
  explicit accept_call(const event_list &fresh) : fresh_(fresh) {}

  /// As one text, which goes with the message that begins the transaction.
  std::string text(const std::optional<std::string> &now) const {
    auto ids = array_of(fresh_, [](std::string &array, const new_event *event) {
      event->id.value().append_to(array);
    });
    auto owners =
        array_of(fresh_, [](std::string &array, const new_event *event) {
          event->organization.value().append_to(array);
        });
    auto types =
        array_of(fresh_, [](std::string &array, const new_event *event) {
          append_quoted(array, event->type);
        });
    auto payloads =
        array_of(fresh_, [](std::string &array, const new_event *event) {
          append_quoted(array, event->payload);
        });
    auto dedup_ids =
        array_of(fresh_, [](std::string &array, const new_event *event) {
          if (const auto *text = dedup_id(*event))
            append_quoted(array, *text);
          else
            array += "NULL";
        });
    return call_text("sluice_accept",
                     {ids, owners, types, payloads, dedup_ids, lanes(), now});
  }

  /// As parameters, in a message of their own.
  pqxx::result send(pqxx::nontransaction &transaction,
                    const std::optional<std::string> &now) const {
    using kind = binary_array::type;
    binary_array ids(kind::uuid, fresh_.size());
    binary_array owners(kind::uuid, fresh_.size());
    binary_array types(kind::text, fresh_.size());
    binary_array payloads(kind::text, fresh_.size());
    binary_array dedup_ids(kind::text, fresh_.size());
    for (const auto *event : fresh_) {
      ids.add(event->id.value());
      owners.add(event->organization.value());
      types.add(event->type);
      payloads.add(event->payload);
      if (const auto *text = dedup_id(*event))
        dedup_ids.add(*text);
      else
        dedup_ids.add_null();
    }
    return transaction.exec_params(
        sql::accept, pqxx::binarystring(ids.bytes()),
        pqxx::binarystring(owners.bytes()), pqxx::binarystring(types.bytes()),
        pqxx::binarystring(payloads.bytes()),
        pqxx::binarystring(dedup_ids.bytes()), lanes(), now);
  }

private:
  /// Nothing where all go into the first lane.
  std::optional<std::string> lanes() const {
    if (std::all_of(fresh_.begin(), fresh_.end(),
                    [](const new_event *event) { return event->lane == 0; }))
      return std::nullopt;
    return array_of(fresh_, [](std::string &array, const new_event *event) {
      array += std::to_string(event->lane);
    });
  }

  static const std::string *dedup_id(const new_event &event) {
    auto has_one = event.key && event.key->scope == dedup_scope::event;
    return has_one ? &event.key->text : nullptr;
  }

  const event_list &fresh_;
};

event_list accepted_events(std::span<const new_event> events,
                           const std::vector<accept_outcome> &outcomes) {
  event_list fresh;
  for (std::size_t at = 0; at < events.size(); ++at)
    if (outcomes[at].what == outcome_kind::accepted)
      fresh.push_back(&events[at]);
  return fresh;
}

/// Ends the call when the gate takes nothing: `gate` is the mode, and how long
/// clients are to wait. No mode: nobody has ever changed it.
std::string refuse_if_closed(const pqxx::result &gate) {
  auto mode = gate.at(0)[0].as<std::string>("");
  if (mode == db::to_string(ingest_mode::reject))
    throw refusal(errc::closed, "the gate takes no events at present",
                  std::chrono::seconds(gate[0][1].as<long>(
                      static_cast<long>(gate_state().retry_after.count()))));
  return mode;
}

/// Marks where the events of a call went.
void note_mode(const pqxx::result &gate,
               std::vector<accept_outcome> &outcomes) {
  if (refuse_if_closed(gate) != db::to_string(ingest_mode::sync))
    return;
  for (auto &outcome : outcomes)
    if (outcome.what == outcome_kind::accepted)
      outcome.what = outcome_kind::created;
}

bool has_keys(std::span<const new_event> events) {
  return std::any_of(events.begin(), events.end(), [](const new_event &event) {
    return event.key.has_value();
  });
}

} // namespace

result<std::vector<accept_outcome>>
postgres_store::accept(std::span<const new_event> events,
                       std::chrono::seconds window) {
  std::vector<accept_outcome> outcomes;
  for (const auto &event : events)
    outcomes.push_back({outcome_kind::accepted, event.id});
  if (events.empty())
    return outcomes;
  event_list fresh;
  auto describe = [&] {
    doubt described;
    described.what = doubt::question::accepted;
    described.outcomes = outcomes;
    if (!fresh.empty()) {
      described.row = fresh.front()->id.value();
      described.owner = fresh.front()->organization.value();
    }
    return described;
  };
  auto now = session_->now();
  auto send_fresh = [&](pqxx::nontransaction &transaction) {
    fresh = accepted_events(events, outcomes);
    if (!fresh.empty())
      note_mode(accept_call(fresh).send(transaction, now), outcomes);
  };
  // A closed gate takes no keys either: it is looked at before they are.
  auto decide = [&](pqxx::nontransaction &transaction,
                    const pqxx::result &gate) {
    refuse_if_closed(gate);
    key_decision(events, outcomes).decide(transaction, window, now);
    send_fresh(transaction);
  };
  auto look = [] { return call_text("sluice_look", {}); };
  auto take_all = [&] {
    fresh = accepted_events(events, outcomes);
    return accept_call(fresh).text(now);
  };
  auto note = [&](const pqxx::result &gate) { note_mode(gate, outcomes); };
  auto done = has_keys(events)
                  ? session_->write_after("accept", describe, look, decide)
              : events.size() >= worth_a_message
                  ? session_->write("accept", describe, send_fresh)
                  : session_->write_once("accept", describe, take_all, note);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return outcomes;
}

} // namespace sluice::db::postgres
