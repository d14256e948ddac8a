// Which instructions this processor has beyond those that every one of its kind has. Code that uses them is marked PG_AVX2 or
// PG_AVX512, stands under #ifdef PG_AVX2 or PG_AVX512 and is only called when has_avx2() or has_avx512().
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)
#define PG_AVX2 __attribute__((target("avx2,bmi")))
// What came together with Ice Lake and Zen 4. BMI2 and POPCNT are older than those and are asked for with them.
#define PG_AVX512 __attribute__((target("avx2,bmi,bmi2,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx512bitalg")))
#endif

namespace pg {

#ifdef PG_AVX2
inline bool has_avx2() {
  static const bool kHas = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
  return kHas;
}
inline bool has_avx512() {
  static const bool kHas = has_avx2() && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
                           __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
                           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bitalg");
  return kHas;
}
/// Whether a gather of eight words is quicker than eight loads: AMD's processors take it apart into more steps than those.
inline bool has_quick_gather() {
  static const bool kHas = has_avx2() && !__builtin_cpu_is("amd");
  return kHas;
}
#endif

}  // namespace pg
