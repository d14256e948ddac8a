// In a file of its own: where a compiler sees both halves inside other code it takes them for mismatched.
#include "tests/e2e/failing_new.h"

#include <cstdlib>
#include <new>

namespace pg::test {

std::atomic<std::size_t> fail_from{kNever};
thread_local std::size_t fail_in = kNever;

}  // namespace pg::test

void* operator new(std::size_t size) {
  using namespace pg::test;
  const bool fails = size >= fail_from.load(std::memory_order_relaxed) || fail_in == 0;
  if (fail_in != kNever) fail_in = fail_in == 0 ? kNever : fail_in - 1;
  void* const room = fails ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (room == nullptr) throw std::bad_alloc();
  return room;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}

void operator delete(void* room) noexcept {
  std::free(room);
}

void operator delete(void* room, std::size_t) noexcept {
  std::free(room);
}

void operator delete(void* room, const std::nothrow_t&) noexcept {
  std::free(room);
}
