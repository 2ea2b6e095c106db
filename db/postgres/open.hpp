#pragma once

#include <memory>

#include "db/store.hpp"

namespace sluice::db {

/// Opens a PostgreSQL database, version 13 or newer, that `options.url` names
/// as a `postgresql://` (or `postgres://`) URI in libpq's syntax. Connects to
/// nothing yet. `unavailable` for any other URL; its text does not repeat the
/// URL, which may hold a password.
result<std::shared_ptr<store_source>>
open_postgres(const store_options &options);

/// `examine_store` for a `postgresql://` URL. Of a server older than 13 it
/// tells what it can.
result<store_facts> examine_postgres(const store_options &options,
                                     const depth_request &depth);

} // namespace sluice::db
