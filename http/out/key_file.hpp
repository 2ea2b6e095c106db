#pragma once

#include <string>

#include <tl/expected.hpp>

namespace sluice::http {

/// Reads a file that nobody but its owner may read: refuses one that others
/// have rights to, that is no plain file, or has more than 64 KiB. The error
/// is what is wrong, without the path; empty when there is no such file.
tl::expected<std::string, std::string> read_key_file(const std::string &path);

/// Makes such a file, and the folder that it is in: on the disk before it
/// appears under its name. Leaves a file alone that is there already, also one
/// that appears meanwhile; that is no error.
tl::expected<void, std::string> make_key_file(const std::string &path,
                                              const std::string &text);

} // namespace sluice::http
