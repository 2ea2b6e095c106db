#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "db/model/ids.hpp"

/// PostgreSQL's binary formats, as much of them as the raw loops need.
namespace sluice::db {

/// One-dimensional arrays without NULLs, as a binary parameter.
std::string binary_array(const std::vector<uuid> &elements);

/// The array of `count` times the same text.
std::string binary_array(std::string_view element, int count);

} // namespace sluice::db
