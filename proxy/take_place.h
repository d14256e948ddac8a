// Waiting for a place where calls under way are limited: the exchange sleeps on its own loop until whoever is done wakes it.
#pragma once

#include <string>

#include "proxy/exchange.h"

namespace pg {

/// Takes a place in `capacity` into `permit`, waiting as long as its rules allow. `whose` names the limit to the client
/// ("provider openai"). rate_limited, with x.retry_after, when too many wait already or the wait was too long; unavailable when
/// pg shuts down; client_left_error().
Task<Status> take_place(Exchange& x, Capacity& capacity, Permit& permit, std::string whose);

/// Whether `status` says that there was no place, and no provider had a say.
bool is_crowded(const Error& error);

/// The places that the caller's key and the process need, before anything is scanned.
Task<Status> admit(Exchange& x);
inline bool must_admit(const Exchange& x) {
  return x.policy->capacity != nullptr || (x.caller != nullptr && x.caller->capacity != nullptr);
}

}  // namespace pg
