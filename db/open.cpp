#include "db/postgres/open.hpp"
#include "db/sqlite/open.hpp"
#include "db/store.hpp"

namespace sluice::db {

result<std::shared_ptr<store_source>> open_store(const store_options &options) {
  std::string_view url = options.url;
  if (url.starts_with("sqlite:"))
    return open_sqlite(options);
  if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
    return open_postgres(options);
  // The URL may hold a password: only its form is named.
  return fail(errc::unavailable,
              "store.url names no known store: it has to begin with sqlite: "
              "or postgresql://");
}

result<store_facts> examine_store(const store_options &options,
                                  const depth_request &depth) {
  std::string_view url = options.url;
  if (url.starts_with("sqlite:"))
    return examine_sqlite(options, depth);
  if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
    return examine_postgres(options, depth);
  return fail(errc::unavailable, "store.url names no known store");
}

} // namespace sluice::db
