// A look at how a streamed reply begins, before the client hears of it: some providers say 200 first and then that they cannot.
#pragma once

#include "proxy/send_upstream.h"

namespace pg {

struct Peeked {
  int status = 0;       // the status that the first event means, when it is an error; 0 = it is none
  bool cut = false;     // the stream broke off, or ended, before a first event
  bool left = false;    // the client did
  bool silent = false;  // nothing came for as long as the provider may say nothing
};

/// Waits for the first event of a stream that begins with 200, and no longer than until a ping would be due. What was read stands
/// in upstream.read_ahead, byte for byte.
Task<Peeked> peek_reply(Exchange& x, Upstream& upstream);

/// True when there is anything to look at: an event stream that is not compressed.
bool can_peek(const Upstream& upstream);

}  // namespace pg
