// Which instructions this processor has beyond those that every one of its kind has. Code that uses them is marked PG_AVX2,
// stands under #ifdef PG_AVX2 and is only called when has_avx2().
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)
#define PG_AVX2 __attribute__((target("avx2,bmi")))
#endif

namespace pg {

#ifdef PG_AVX2
inline bool has_avx2() {
  static const bool kHas = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
  return kHas;
}
/// Whether a gather of eight words is quicker than eight loads: AMD's processors take it apart into more steps than those.
inline bool has_quick_gather() {
  static const bool kHas = has_avx2() && !__builtin_cpu_is("amd");
  return kHas;
}
#endif

}  // namespace pg
