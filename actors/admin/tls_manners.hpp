#pragma once

#include <cstdint>

namespace sluice::actors {

/// Keeps connections of the actor network from harming each other. OpenSSL
/// keeps a list of failures for each thread, and the network, which serves all
/// its connections on one, leaves a connection's failure there for the next to
/// find: that one is then hung up on, though all is well with it. So a stranger
/// who is refused, or an operator whose console just ends, would cut others
/// off. From this call on the list is emptied in time.
///
/// Nor do strangers get more than a part of a processor: the network's thread
/// rests while it waits for a peer's handshake, where it would ask over and
/// over again, and now and then when it refuses many.
///
/// Other users of OpenSSL in this process notice nothing. Call before the
/// network opens; idempotent.
void teach_tls_manners();

/// Handshakes at our own ports that failed since, in all, but for those whose
/// connection `hang_up` had ended before. What fails is ended so, too.
std::uint64_t refused_handshakes();

} // namespace sluice::actors
