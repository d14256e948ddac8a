// The wait of an exchange for the scan pool.
#pragma once

#include "proxy/exchange.h"

namespace pg {

/// reading.read() on the pool. Returns only when no other thread touches `reading` or the body any more: also when the client
/// left (client_left_error()), its key was taken away (revoked_error()) or pg shuts down (unavailable). What the guards throw, it
/// throws.
Task<Status> scan_on_pool(Exchange& x, SlowGuardCall& reading);

}  // namespace pg
