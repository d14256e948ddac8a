// Who is asked, and who next when that one cannot: a provider's credentials in their order, then the project's fallbacks.
#pragma once

#include "proxy/send_upstream.h"

namespace pg {

/// Sends x.to, and to others while the answer is one that others may better, before the first byte to the client. x.to is the one
/// who answered; x.row.attempts tells of those asked before. upstream_failed, upstream_timeout; rate_limited when no place was
/// free; unavailable when all that can be asked are down; client_left_error().
Task<Result<Upstream>> ask_targets(Exchange& x);

/// True when there is nothing to choose, to wait for or to remember: send_upstream() alone does the same then.
bool has_one_target(const Exchange& x);

}  // namespace pg
