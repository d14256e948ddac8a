// pg providers test.
#pragma once

#include "cmd/command.h"

namespace pg {

void add_test_providers(CLI::App& command, Shell& shell);

}  // namespace pg
