#pragma once

#include "db/store_around.hpp"

namespace sluice::tests {

/// A session that does what another does; what it is to do otherwise is
/// overridden.
class forwarding_store : public db::store_around<forwarding_store> {
public:
  using store_around::store_around;

private:
  friend store_around<forwarding_store>;

  template <class Effect>
  auto around(const char * /*method*/, Effect effect) {
    return effect();
  }
};

} // namespace sluice::tests
