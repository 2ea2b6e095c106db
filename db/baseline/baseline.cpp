#include "db/baseline/baseline.hpp"

#include "db/baseline/open.hpp"

namespace sluice::db {

double log_span::rows_per_second() const {
  auto span = std::chrono::duration<double>(last - first).count();
  return span > 0 ? static_cast<double>(rows - rows_at_first) / span : 0;
}

result<std::unique_ptr<baseline>> open_baseline(const std::string &url) {
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with(sqlite))
    return open_sqlite_baseline(url.substr(sqlite.size()));
  return open_postgres_baseline(url);
}

} // namespace sluice::db
