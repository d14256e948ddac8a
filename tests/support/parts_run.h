// One body read and guarded, with a memory of parts or without, and whether two readings of it came to the same.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/guard/guard_call.h"

namespace pg::test {

/// What a memory of parts may hold where a test is not about its size.
inline constexpr std::size_t kPartsBudget = 1 << 20;

struct PartsRun {
  Status read = Status{};
  RequestView view;
  GuardedCall call;
  std::string body;  // as the provider gets it
};

PartsRun run(std::string_view body, DialectId dialect, const Guards& guards, VerdictCache* cache, KnownParts* parts);

/// Fails the test unless everything but the time was the same.
void check_same(const PartsRun& got, const PartsRun& plain);

/// How many parts of the body were known, or their beginnings.
std::size_t count_known(const RequestView& view);

}  // namespace pg::test
