#pragma once

#include <memory>

#include "db/store.hpp"

namespace sluice::db {

/// `open_store` for `sqlite:PATH`. Makes the missing folders of PATH and
/// takes the process lock `PATH.lock`; the database itself is neither made
/// nor read yet.
result<std::shared_ptr<store_source>> open_sqlite(const store_options &options);

} // namespace sluice::db
