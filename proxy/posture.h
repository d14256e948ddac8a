// What a local server must ask of a request before anything else: is this a browser that was tricked into calling us?
#pragma once

#include <string>

#include "core/base/http.h"
#include "core/base/result.h"
#include "core/policy.h"
#include "core/route/arrival.h"

namespace pg {

/// host_not_allowed for a Host that is not ours (DNS rebinding), a foreign Origin, or Sec-Fetch-Site: cross-site. `listen_host`
/// is the address pg was told to bind. Behind a trusted proxy both its Host and the one it passes on must be ours: a page that
/// was let in by rebinding can write the latter itself.
Status check_posture(const RequestHead& head, const Policy& policy, const std::string& listen_host, const Arrival& arrival = {});

/// True when a project without keys may answer: nobody beyond this machine is asking through a trusted proxy.
bool is_from_here(const Arrival& arrival);

/// unsupported_media unless the body is declared as JSON: a form or text/plain needs no preflight and could come from any page.
Status check_json_type(const RequestHead& head);

}  // namespace pg
