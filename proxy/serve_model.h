// The pages that serve: one function per kind of request, each line of it a step with its own file.
#pragma once

#include "core/targets.h"
#include "proxy/exchange.h"
#include "proxy/send_upstream.h"

namespace pg {

/// One model call, from request to reply.
Task<void> serve_model_call(Exchange& x);
/// GET models, in the caller's dialect.
Task<void> serve_models(Exchange& x);
/// hello, health, readiness: no key needed.
Task<void> serve_hello(Exchange& x);

/// The caller behind the request's key, allowed to do `needed` in x.project. Sets x.project and x.caller. not_found for an
/// unknown project, unauthenticated, forbidden.
Status authenticate(Exchange& x, std::uint32_t needed);

/// Chooses the provider (core/targets.h) and makes x.to what that one is to be sent, translated when it speaks
/// another dialect. not_found when there is none; unavailable when its credential is missing; bad_request for what cannot be said
/// in its dialect.
Status choose_provider(Exchange& x);

/// Makes x.to what `target` is to be sent. bad_request for what cannot be said in its dialect.
Status send_to(Exchange& x, Target target);

}  // namespace pg
