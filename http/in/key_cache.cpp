#include "http/in/key_cache.hpp"

#include <exception>
#include <utility>

#include <spdlog/spdlog.h>

namespace sluice::http {

key_cache::key_cache(key_cache_options options) : options_(std::move(options)) {
  const std::size_t each =
      (options_.capacity + shards_.size() - 1) / shards_.size();
  for (auto &home : shards_)
    home = std::make_unique<shard>(each);
}

db::result<known_key> key_cache::get(const db::sha256_digest &hash,
                                     const loader &load) {
  shard &home = shard_of(hash);
  std::shared_ptr<flight> other;
  std::shared_ptr<flight> own;
  memory known;
  {
    const std::lock_guard lock(home.mutex);
    known = recall(home, hash);
    if (known.is_known && !known.is_ageing)
      return known.who;
    auto &entry = home.flights[hash];
    if (entry)
      other = entry;
    else
      own = entry = std::make_shared<flight>();
  }
  if (other)
    return known.is_known ? answer(known.who) : wait_for(other);
  answer fresh = take_off(home, hash, own, load);
  // An outage that is shorter than the trust in the answer goes unseen.
  return !fresh && known.is_known ? answer(known.who) : fresh;
}

std::optional<known_key> key_cache::peek(const db::sha256_digest &hash) {
  shard &home = shard_of(hash);
  const std::lock_guard lock(home.mutex);
  const memory known = recall(home, hash);
  const bool is_enough =
      known.is_known && (!known.is_ageing || home.flights.contains(hash));
  return is_enough ? std::optional(known.who) : std::nullopt;
}

void key_cache::forget(db::organization_id owner) {
  for (auto &home : shards_) {
    const std::lock_guard lock(home->mutex);
    home->found.erase_if([owner](const positive &entry) {
      return entry.who->owner.id == owner;
    });
    // Their answers may have been read before the change.
    home->flights.clear();
  }
}

key_cache::shard &key_cache::shard_of(const db::sha256_digest &hash) {
  return *shards_[hash.back() % shards_.size()];
}

key_cache::memory key_cache::recall(shard &home,
                                    const db::sha256_digest &hash) const {
  const auto now = options_.clock();
  if (const positive *hit = home.found.find(hash)) {
    const auto age = now - hit->since;
    if (age < options_.ttl && !has_expired(*hit->who))
      return {hit->who, true, age * 2 >= options_.ttl};
    home.found.erase(hash);
  }
  if (const time_point *since = home.missing.find(hash)) {
    if (now - *since < options_.ttl)
      return {nullptr, true, false};
    home.missing.erase(hash);
  }
  return {};
}

/// Looks the hash up, remembers the answer and gives it to those who wait.
key_cache::answer key_cache::take_off(shard &home,
                                      const db::sha256_digest &hash,
                                      const std::shared_ptr<flight> &own,
                                      const loader &load) {
  const auto since = options_.clock();
  // Whatever happens, the flight lands: others wait for it.
  answer out = db::fail(db::errc::unavailable, "a key could not be looked up");
  try {
    out = load().map([](std::optional<db::principal> &&found) {
      return found ? std::make_shared<const db::principal>(std::move(*found))
                   : known_key();
    });
  } catch (const std::exception &failure) {
    spdlog::error("a key could not be looked up: {}", failure.what());
  }
  {
    const std::lock_guard lock(home.mutex);
    const auto mine = home.flights.find(hash);
    const bool is_current = mine != home.flights.end() && mine->second == own;
    if (is_current)
      home.flights.erase(mine);
    if (is_current && out) {
      home.found.erase(hash);
      if (*out)
        home.found.put(hash, {*out, since});
      else
        home.missing.put(hash, since);
    }
  }
  own->promise.set_value(out);
  return out;
}

key_cache::answer
key_cache::wait_for(const std::shared_ptr<flight> &other) const {
  const auto landing = other->landing;
  if (landing.wait_for(options_.patience) != std::future_status::ready)
    return db::fail(db::errc::unavailable, "find_key did not answer in time");
  return landing.get();
}

bool key_cache::has_expired(const db::principal &who) const {
  return who.expires_at && *who.expires_at <= options_.wall_clock();
}

} // namespace sluice::http
