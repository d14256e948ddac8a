// pg routes explain: one call through the rules of its project, each with its yes or no, without anything being sent.
#pragma once

#include <string>

#include "cmd/command.h"

namespace pg {

/// What the command line says of a call; empty = not said.
struct ExplainedCall {
  std::string file, host, path, model, dialect, key, agent;
};

/// exit_ok when the call has somewhere to go, exit_no otherwise.
int explain_route(Shell& shell, const ExplainedCall& call);

}  // namespace pg
