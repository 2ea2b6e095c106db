#pragma once

#include <optional>
#include <string_view>

#include <tl/expected.hpp>

#include "actors/gateway.hpp"
#include "config/settings.hpp"
#include "http/in/key_cache.hpp"
#include "http/in/problem.hpp"

namespace sluice::http {

/// The secret that a request shows, in `X-API-Key` or in `Authorization:
/// Bearer`; empty when what it shows is of another form. Nothing when it shows
/// none; 400 `ambiguous-credentials` when it shows several.
tl::expected<std::optional<std::string_view>, problem>
credential_of(const request &in);

/// The hash of the secret that a request shows; what `credential_of` refuses,
/// and 401 when it shows none.
tl::expected<db::sha256_digest, problem> shown_hash(const request &in);

/// 401 `missing-credentials`.
problem missing_credentials();

/// 401 `invalid-credentials`: the same for all that was shown in vain.
problem invalid_credentials();

/// Finds out whose request it is. Thread-safe.
class authenticator {
public:
  authenticator(actors::gateway &gateway,
                const config::auth_settings &settings);

  /// Never null. A key that is malformed goes the same way as one that is
  /// unknown or has expired, to take the same time. 503 when the store can't
  /// be asked.
  tl::expected<known_key, problem> authenticate(const request &in);

  /// The same for a secret that was shown before.
  tl::expected<known_key, problem> authenticate(const db::sha256_digest &shown);

  /// As `authenticate`, but never waits: nothing when the store would have to
  /// be asked.
  std::optional<tl::expected<known_key, problem>> recognize(const request &in);

  /// Lets the next request of each of an organization's keys ask the store.
  void forget(db::organization_id owner) { cache_.forget(owner); }

private:
  actors::gateway &gateway_;
  key_cache cache_;
};

} // namespace sluice::http
