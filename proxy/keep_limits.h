// What a key and its project are held to: calls a minute and an hour, tokens in one request, money in a month; and whether the
// key is still one.
#pragma once

#include "proxy/exchange.h"

namespace pg {

inline bool has_limits(const Exchange& x) {
  if (x.project->limits != nullptr || !x.project->endpoint_limits.empty()) return true;
  return (x.caller != nullptr && x.caller->limits != nullptr) || (x.endpoint != nullptr && x.endpoint->is.limits != nullptr);
}

/// Counts the call and looks at its size. rate_limited, with x.retry_after; too_many_tokens.
Status check_limits(Exchange& x);

/// Sets aside of every budget what the call to x.to may cost, in place of what was set aside for a target before.
/// budget_exceeded.
Status set_aside(Exchange& x);

/// Counts a call to x.to.provider. rate_limited, with x.retry_after, and a detail that is_over_rate() knows.
Status count_provider_call(Exchange& x);
bool is_over_rate(const Error& error);

/// Whether the caller's key was taken away, or has expired, since the call began, and such calls are to end. Costs a look at a
/// number while keys do not change.
bool is_revoked(Exchange& x);
Error revoked_error(const Exchange& x);

}  // namespace pg
