// The HTTP API gateway: one call to a service of a project, guarded and with pg's credential in place of the caller's.
#pragma once

#include "proxy/exchange.h"
#include "proxy/send_upstream.h"

namespace pg {

/// What stands in a row's dialect for a call to a service.
inline constexpr std::string_view kServiceDialect = "http";

/// Whether the target is one of a project of type "api"; x.surface says which service then.
bool asks_for_service(Exchange& x);
/// One call to an API, from request to reply.
Task<void> serve_service_call(Exchange& x);

/// The guards over path, query, fields and body. From here on x.body with x.guarded.edits is safe to send; blocked,
/// unsupported_media, bad_request otherwise.
Task<Status> guard_service_call(Exchange& x, std::string path);

/// The head for the service, with its credential. The caller's own credentials, cookies and hop-by-hop fields stay here.
std::string write_service_head(const Exchange& x, std::size_t size);
/// What of the caller's fields goes to the service.
std::vector<Field> fields_for_service(const Exchange& x);

/// Passes the reply on: as it came, but for credentials of ours, which are starred, and placeholders, which become what they
/// stand for.
Task<void> relay_service_reply(Exchange& x, Upstream& upstream);

}  // namespace pg
