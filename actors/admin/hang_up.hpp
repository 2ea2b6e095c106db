#pragma once

namespace sluice::actors {

/// Ends a connection that somebody else owns: the owner sees its peer hang up.
/// What was sent before gets there. False when it was ended so before, through
/// whatever descriptor: each end is told of by one.
bool hang_up(int socket);

/// Whether the connection was ended with `hang_up`.
bool is_hung_up(int socket);

} // namespace sluice::actors
