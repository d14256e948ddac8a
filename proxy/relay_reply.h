// From the provider's reply to the client's: restored, counted, flushed event by event, and never ended more cleanly than it was.
#pragma once

#include "proxy/exchange.h"
#include "proxy/send_upstream.h"

namespace pg {

/// Relays `upstream` to the client and fills the row. Throws Refusal only before the client's head was sent.
Task<void> relay_reply(Exchange& x, Upstream& upstream);

}  // namespace pg
