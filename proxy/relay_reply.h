// From the provider's reply to the client's: restored, counted, flushed event by event, and never ended more cleanly than it was.
#pragma once

#include "proxy/exchange.h"
#include "proxy/send_upstream.h"

namespace pg {

/// Relays `upstream` to the client and fills the row. Throws Refusal only before the client's head was sent.
Task<void> relay_reply(Exchange& x, Upstream& upstream);

/// A reply as the client would get it.
struct Collected {
  int status = 200;
  std::string body;
};
/// Reads `upstream` to its end and fills the row; nothing is written to the client. Throws Refusal; x.row.status is 499 where the
/// client left meanwhile.
Task<Collected> collect_reply(Exchange& x, Upstream& upstream);

}  // namespace pg
