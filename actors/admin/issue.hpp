#pragma once

#include <string>

#include "actors/admin/identity.hpp"

namespace sluice::actors {

/// A private authority: its certificate, and the key with which it issues
/// others. As PEM.
struct authority {
  std::string certificate;
  std::string key;
};

/// A fresh authority, for one admin port.
outcome<authority> make_authority();

/// A fresh key, and a certificate in this name for this role. `name` is 1 to
/// 64 characters.
outcome<identity> issue(const authority &by, const std::string &name,
                        admin_role role);

} // namespace sluice::actors
