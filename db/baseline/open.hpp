#pragma once

#include "db/baseline/baseline.hpp"

namespace sluice::db {

result<std::unique_ptr<baseline>>
open_postgres_baseline(const std::string &url);
result<std::unique_ptr<baseline>> open_sqlite_baseline(const std::string &path);

} // namespace sluice::db
