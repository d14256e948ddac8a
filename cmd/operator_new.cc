// mimalloc as distributions ship it is compiled as C: its own operator new ends the process when there is no memory, as it has no
// way to throw. Here it throws, so that one request is refused instead. What is freed goes to mimalloc's own operator delete.
#include <cstddef>
#include <cstdlib>
#include <new>

void* operator new(std::size_t size) {
  if (void* const block = std::malloc(size)) return block;  // of mimalloc, which gives a block for 0 bytes, too
  throw std::bad_alloc();
}

void* operator new[](std::size_t size) {
  if (void* const block = std::malloc(size)) return block;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  void* block = nullptr;
  if (::posix_memalign(&block, static_cast<std::size_t>(alignment), size) == 0) return block;
  throw std::bad_alloc();
}

void* operator new[](std::size_t size, std::align_val_t alignment) {
  return operator new(size, alignment);
}
