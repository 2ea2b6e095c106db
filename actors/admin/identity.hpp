#pragma once

#include <cstdint>
#include <string>

#include "actors/admin/outcome.hpp"

namespace sluice::actors {

/// Which end of the admin port a certificate is for. Each is refused at the
/// other end.
enum class admin_role : std::uint8_t { service, operates };

/// What one end of the admin port shows and trusts, as PEM.
struct identity {
  /// With the certificates between it and the authority behind it, if any.
  std::string certificate;
  std::string key;
  /// Whoever has a certificate of this authority is let in.
  std::string authority;
};

/// A certificate that was found to be good.
struct identity_facts {
  /// Its common name.
  std::string name;
  long days_left = 0;
};

/// Whether a connection could be made with it now: all parts can be read, the
/// key is the certificate's, the authority has issued it for this role, and
/// it is valid at present. The key is never in the text.
outcome<identity_facts> check(const identity &shown, admin_role role);

/// How long the first of these certificates is valid yet, in days; negative
/// when it is no longer.
outcome<long> days_left(const std::string &certificate);

} // namespace sluice::actors
