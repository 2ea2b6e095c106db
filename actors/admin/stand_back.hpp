#pragma once

namespace sluice::actors {

/// From now on this thread, and those that it makes, let others go first, so
/// that little is felt elsewhere of what strangers make it do. On a machine
/// that has more to do than it can, it still gets a part, if a smaller one.
void stand_back();

} // namespace sluice::actors
