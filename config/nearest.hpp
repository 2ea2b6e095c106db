#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

// Each answers what was probably meant, or nothing when nothing is near.

/// The known key nearest to `key`; one of the same name in another section
/// counts as near.
std::string nearest_key(std::string_view key);

/// The known section nearest to `section`.
std::string nearest_section(std::string_view section);

/// The known environment variable nearest to `variable`.
std::string nearest_variable(std::string_view variable);

/// How many characters have to be inserted, removed, replaced or swapped with
/// their neighbour to turn one text into the other.
std::size_t distance(std::string_view left, std::string_view right);

} // namespace sluice::config
