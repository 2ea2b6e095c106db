#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "db/model/endpoint.hpp"

/// The lists of an endpoint as they stand in the database: JSON, the same in
/// every store. Pure functions. What can't be read gives nothing.
namespace sluice::db {

/// `["invoice.*","order.created"]`
std::string write_types(const std::vector<std::string> &types);
std::vector<std::string> read_types(std::string_view text);

/// `[["name","value"]]`, in their order.
std::string write_headers(const std::vector<header_line> &headers);
std::vector<header_line> read_headers(std::string_view text);

/// `[{"sealed":"6f70","expires_at":1767225600000000}]`: hexadecimal digits, and
/// microseconds since the epoch or null.
std::string write_secrets(const std::vector<sealed_secret> &secrets);
std::vector<sealed_secret> read_secrets(std::string_view text);

} // namespace sluice::db
