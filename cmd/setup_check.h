// pg setup --check: one small request through the running pg, step by step.
#pragma once

#include <string>

#include "cmd/agent.h"

namespace pg {

/// The body of a request that asks a model to repeat an address, in that dialect.
std::string check_body(std::string_view dialect, std::string_view model, std::string_view address);

/// Reports each step on standard output (JSON with --json). exit_ok when all hold, exit_upstream when nothing answers, exit_auth
/// for a refused key, exit_no otherwise.
int check_setup(Shell& shell, Workplace& place, AgentSetup& agent, const AgentOptions& options);

}  // namespace pg
