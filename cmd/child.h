// A program run in front of its user in pg's place: it has the terminal, gets the signals that pg gets, and pg outlives it.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace pg {

/// Becomes the program; only returns when it cannot be started: io_failed.
Error become_program(const std::vector<std::string>& words);

/// Runs it to its end, and stops and goes on with it: its status as waitpid() tells it. io_failed when it cannot be started.
Result<int> run_program(const std::vector<std::string>& words);

/// Ends this process as a child of that status did, by the same signal if by one; the exit status if that does not end it.
int end_like(int wait_status);

}  // namespace pg
