// Waiting for what a running serve does in its own time.
#pragma once

#include <thread>

#include "tests/support/raw_client.h"

namespace pg::test {

/// Whether `test` came true within three seconds.
template <class Test>
bool soon(Test test) {
  for (int i = 0; i < 60; ++i) {
    if (test()) return true;
    std::this_thread::sleep_for(Ms{50});
  }
  return false;
}

}  // namespace pg::test
