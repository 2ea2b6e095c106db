#pragma once

#include <string>

#include "actors/admin/descriptor.hpp"
#include "actors/admin/identity.hpp"

namespace sluice::actors {

/// A file in memory that nobody can change or take away, for a library that
/// takes nothing but paths.
class memory_file {
public:
  /// Throws `std::runtime_error` when there is no memory or descriptor for it.
  explicit memory_file(const std::string &text);

  /// Of use to this process only, and as long as this object lives.
  std::string path() const;

private:
  descriptor file_;
};

/// An identity for the actor network. That reads its files again for each
/// connection, and ends the process when it can't.
struct identity_files {
  explicit identity_files(const identity &held)
      : certificate(held.certificate), key(held.key),
        authority(held.authority) {}

  memory_file certificate;
  memory_file key;
  memory_file authority;
};

} // namespace sluice::actors
