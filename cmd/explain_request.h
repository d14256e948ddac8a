// A request through the guards of its project without being sent: what is found, what becomes of it, who would be asked.
#pragma once

#include "cmd/command.h"
#include "cmd/explain_route.h"

namespace pg {

/// exit_ok when it would be sent, exit_no when it would be blocked or has nowhere to go.
int explain_request(Shell& shell, const ExplainedCall& call);

}  // namespace pg
