#pragma once

#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "db/model/error.hpp"
#include "db/model/organization.hpp"
#include "http/in/lru_map.hpp"

namespace sluice::http {

/// What a key's hash leads to. Null: there is no such key.
using known_key = std::shared_ptr<const db::principal>;

struct key_cache_options {
  /// Keys that were found; as many again for those that were not.
  std::size_t capacity = 10'000;
  /// How long an answer is trusted.
  std::chrono::milliseconds ttl{1'000};
  /// How long to wait for a look-up that another thread makes.
  std::chrono::milliseconds patience{5'000};
  /// Replaced in tests.
  std::function<std::chrono::steady_clock::time_point()> clock =
      &std::chrono::steady_clock::now;
  db::clock_source wall_clock = &db::system_now;
};

/// Remembers for a short time which keys exist. Holds hashes, never keys.
/// Threads that miss the same key share one look-up; a key that is in use is
/// looked up again before its time is over, by one thread, while the others
/// go on. Thread-safe.
class key_cache {
public:
  using loader = std::function<db::result<std::optional<db::principal>>()>;

  explicit key_cache(key_cache_options options);

  /// The answer for this hash, from memory or from `load`, which runs on the
  /// calling thread without any lock held and must not throw. Fails only as
  /// `load` fails; failures are not remembered.
  db::result<known_key> get(const db::sha256_digest &hash, const loader &load);

  /// The answer if it is in memory and needs no look-up now; never waits.
  std::optional<known_key> peek(const db::sha256_digest &hash);

  /// Forgets an organization's keys, also those whose look-up is under way.
  void forget(db::organization_id owner);

private:
  using answer = db::result<known_key>;
  using time_point = std::chrono::steady_clock::time_point;

  struct digest_hash {
    std::size_t operator()(const db::sha256_digest &digest) const noexcept {
      std::size_t out = 0;
      std::memcpy(&out, digest.data(), sizeof out);
      return out;
    }
  };

  struct positive {
    known_key who;
    time_point since;
  };

  struct flight {
    std::promise<answer> promise;
    std::shared_future<answer> landing = promise.get_future().share();
  };

  struct shard {
    explicit shard(std::size_t capacity) : found(capacity), missing(capacity) {}
    std::mutex mutex;
    lru_map<db::sha256_digest, positive, digest_hash> found;
    lru_map<db::sha256_digest, time_point, digest_hash> missing;
    std::unordered_map<db::sha256_digest, std::shared_ptr<flight>, digest_hash>
        flights;
  };

  /// What memory says.
  struct memory {
    known_key who;
    bool is_known = false;
    bool is_ageing = false;
  };

  shard &shard_of(const db::sha256_digest &hash);
  memory recall(shard &home, const db::sha256_digest &hash) const;
  answer take_off(shard &home, const db::sha256_digest &hash,
                  const std::shared_ptr<flight> &own, const loader &load);
  answer wait_for(const std::shared_ptr<flight> &other) const;
  bool has_expired(const db::principal &who) const;

  key_cache_options options_;
  std::array<std::unique_ptr<shard>, 16> shards_;
};

} // namespace sluice::http
