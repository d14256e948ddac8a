// The pages that serve: one function per kind of request, each line of it a step with its own file.
#pragma once

#include "core/targets.h"
#include "proxy/exchange.h"
#include "proxy/send_upstream.h"

namespace pg {

/// One model call, from request to reply.
Task<void> serve_model_call(Exchange& x);
/// GET models, and one of them, in the caller's dialect.
Task<void> serve_models(Exchange& x);
/// One call of a gateway's endpoint.
Task<void> serve_endpoint(Exchange& x);
/// From here on x.endpoint is the one that x.surface.model names. not_found.
Status find_endpoint(Exchange& x);
/// Runs x.endpoint with x.body, to its answer.
Task<void> run_endpoint(Exchange& x);
/// GET endpoints, and one of them, as JSON.
Task<void> serve_endpoints(Exchange& x);
/// hello, health, readiness: no key needed.
Task<void> serve_hello(Exchange& x);
/// What Prometheus reads, for those whom serve.metrics lets.
Task<void> serve_metrics(Exchange& x);
/// A whole answer of pg's own; `type` outlives it.
Task<void> answer_text(Exchange& x, int status, const char* type, std::string body);
Task<void> answer_json(Exchange& x, int status, std::string body);

/// unavailable while calls are refused because the log cannot be written.
Status check_log(const Exchange& x);
/// The caller behind the request's key, allowed to do `needed` in x.project. Sets x.project and x.caller. not_found for an
/// unknown project, unauthenticated, forbidden.
Status authenticate(Exchange& x, std::uint32_t needed);
/// From here on x.body is what the client says, without its content coding. unsupported_media, bad_request.
Status unfold_body(Exchange& x);
/// From here on x.view says what the body holds. bad_request.
Status read_call(Exchange& x);
/// not_found where the project is a gateway, which answers at its endpoints alone.
Status check_is_no_gateway(const Exchange& x);
/// The caller behind the request's key, allowed to see all of pg: forbidden for a key of one project, or without the scope admin.
Status authenticate_operator(Exchange& x);
/// The refusal of a path without a project, which names that of the caller's key to whoever has one.
Error name_project(Exchange& x, Error error);

/// Chooses the route and the provider (core/targets.h): what is guarded, and how, depends on who will see it. not_found when
/// there is none; unavailable when its credential is missing.
Status choose_provider(Exchange& x);

/// A body that may take long to read with that provider's guards: read_ahead() comes before guard_body() then.
bool is_long_to_read(const Exchange& x, const Provider& provider);
/// What of the body these guards have not read yet: on the scan pool when there is much of it. `provider` is the one that
/// guard_body() is called for next, and stays until this returns. client_left_error(), revoked_error(); unavailable when pg shuts
/// down.
Task<Status> read_ahead(Exchange& x, const Provider& provider);
/// The guards of x.to.provider over the body, once more where they differ from those of who was asked before. From here on
/// guarded_of(x).edits make it safe to send there; blocked otherwise.
Status guard_body(Exchange& x);
/// Notes whom the call goes to, under which name of the model, and what could not cross to them.
void note_target(Exchange& x);

/// What guarded_of(x) holds, in the row.
void note_guarded(Exchange& x);

/// Makes x.to what the provider is to be sent: the guarded body with the organisation's prompt, under the model's own name,
/// translated when it speaks another dialect, and sets aside what it may cost. bad_request for what cannot be said in its
/// dialect; budget_exceeded.
Status write_call(Exchange& x);

/// All of that for another target: x.to is new, and is to be put back by the caller when the target refuses.
Status send_to(Exchange& x, Target target);

}  // namespace pg
