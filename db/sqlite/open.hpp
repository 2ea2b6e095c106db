#pragma once

#include <memory>

#include "db/store.hpp"

namespace sluice::db {

/// `open_store` for `sqlite:PATH`. Makes the missing folders of PATH and
/// takes the process lock `PATH.lock`; the database itself is neither made
/// nor read yet.
result<std::shared_ptr<store_source>> open_sqlite(const store_options &options);

/// `examine_store` for `sqlite:PATH`. Reads while another process works on the
/// file; whether one does is told by the kernel's list of locks.
result<store_facts> examine_sqlite(const store_options &options,
                                   const depth_request &depth);

} // namespace sluice::db
