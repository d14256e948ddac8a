// An allocator that can be told to fail: this program's own operator new.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

namespace pg::test {

inline constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

/// Allocations of so many bytes or more fail, in every thread.
extern std::atomic<std::size_t> fail_from;
/// So many allocations of this thread succeed, and then one does not.
extern thread_local std::size_t fail_in;

}  // namespace pg::test
