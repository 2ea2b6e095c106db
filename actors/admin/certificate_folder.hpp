#pragma once

#include <filesystem>
#include <string>

#include "actors/admin/identity.hpp"

/// The folder with the certificates of the admin port:
///
///     ca.crt ca.key                  the authority, and what issues more
///     server.crt server.key          the service's
///     operator.crt operator.key      the first operator's
///
/// Folders are made whole or not at all, for their owner only.
namespace sluice::actors {

inline constexpr char server_name[] = "server";
inline constexpr char operator_name[] = "operator";

/// Makes the folder with an authority, a certificate of the service and one
/// of an operator. True when it did, false when there is one, which is left as
/// it is.
outcome<bool> make_certificates(const std::filesystem::path &folder);

/// Reads `NAME.crt`, `NAME.key` and `ca.crt`. Refuses a key that others than
/// its owner can read. Does not look into the certificates: see `check`.
outcome<identity> read_identity(const std::filesystem::path &folder,
                                const std::string &name);

/// Issues an operator's certificate in this name, by the authority of
/// `folder`, into the new folder `into`, where it can be used as it is.
/// `name` is 1 to 64 of `A-Z a-z 0-9 . _ @ -`.
outcome<void> issue_operator(const std::filesystem::path &folder,
                             const std::string &name,
                             const std::filesystem::path &into);

} // namespace sluice::actors
