// Waiting for what a running serve does in its own time.
#pragma once

#include <thread>

#include "tests/support/raw_client.h"

namespace pg::test {

/// Whether `test` came true before the limit.
template <class Test>
bool soon(Test test, Ms limit = Ms{8000}) {
  for (const auto begin = SteadyClock::now(); SteadyClock::now() - begin < limit; std::this_thread::sleep_for(Ms{50}))
    if (test()) return true;
  return false;
}

}  // namespace pg::test
