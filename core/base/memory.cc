// mimalloc takes malloc's place in pg alone: tests and sanitizers have another allocator, and no such function.
#include "core/base/memory.h"

#include <cstdlib>
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PG_HAS_MALLOC_TRIM  // a sanitizer's malloc leaves glibc's own unready to be asked
#include <malloc.h>
#endif

#ifdef __linux__
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>
#endif

#if __has_include(<mimalloc.h>)
#include <mimalloc.h>
#define PG_KNOWS_MIMALLOC
#endif

#include <mutex>
#include <vector>

extern "C" {
void mi_collect(bool force) noexcept __attribute__((weak));
#ifdef PG_KNOWS_MIMALLOC
long mi_option_get(mi_option_t option) __attribute__((weak));
void mi_option_set(mi_option_t option, long value) __attribute__((weak));
#endif
}

namespace pg {
namespace {

#ifdef PG_KNOWS_MIMALLOC
#if MI_MALLOC_VERSION >= 210
constexpr mi_option_t kDelay = mi_option_purge_delay;
#else
constexpr mi_option_t kDelay = mi_option_decommit_delay;
#endif

struct HoleProbes {
  std::size_t size;  // KiB
  int count;
};
constexpr HoleProbes kHoleProbes[] = {{192, 16}, {256, 12}, {384, 12}, {512, 8}, {768, 8},
                                      {1024, 6}, {1536, 4}, {2048, 4}, {4096, 2}};

// mimalloc keeps what was freed for some milliseconds, and gives it back when more is freed beside it after that: where nothing
// is, never. Something is, here, in every hole that a few blocks of each size find.
void give_back_holes() {
  if (&mi_option_get == nullptr || &mi_option_set == nullptr) return;
  static std::mutex one_at_a_time;  // the delay is every thread's
  const std::lock_guard lock(one_at_a_time);
  const long delay = mi_option_get(kDelay);
  mi_option_set(kDelay, 0);
  std::vector<void*> blocks;
  for (const HoleProbes& probes : kHoleProbes)
    for (int i = 0; i < probes.count; ++i) blocks.push_back(std::malloc(probes.size << 10));
  for (void* const block : blocks) std::free(block);
  mi_option_set(kDelay, delay);
}
#else
void give_back_holes() {}
#endif

}  // namespace

void give_back_memory() {
  if (&mi_collect != nullptr) {
    mi_collect(true);
    return give_back_holes();
  }
#ifdef PG_HAS_MALLOC_TRIM
  ::malloc_trim(0);
#endif
}

#ifdef __linux__
namespace {

bool relocates_code(const dl_phdr_info& object, const ElfW(Phdr) & dynamic) {
  const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + dynamic.p_vaddr);
  for (; entry->d_tag != DT_NULL; ++entry)
    if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0)) return true;
  return false;
}

// What the linker never wrote to: a page without changes can be dropped.
int drop_unwritten(dl_phdr_info* object, std::size_t, void*) {
  const std::string_view name = object->dlpi_name != nullptr ? object->dlpi_name : "";
  if (!name.empty() && !name.starts_with('/')) return 0;  // the kernel's own, which has no file
  for (int i = 0; i < object->dlpi_phnum; ++i)
    if (object->dlpi_phdr[i].p_type == PT_DYNAMIC && relocates_code(*object, object->dlpi_phdr[i])) return 0;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + part.p_vaddr + page - 1) & ~(page - 1);
    const std::uintptr_t end = (object->dlpi_addr + part.p_vaddr + part.p_memsz) & ~(page - 1);
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void give_back_code() {
  ::dl_iterate_phdr(drop_unwritten, nullptr);
}
#else
void give_back_code() {}
#endif

}  // namespace pg
