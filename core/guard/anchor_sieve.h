// A sieve for windows of four bytes that needs no memory but registers: eight groups of windows, and for each byte at each of the
// four positions the groups in which it may stand there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/processor.h"
#include "core/guard/byte_set.h"

namespace pg {

/// How common a byte is in code and prose, roughly in thousandths: rare windows make a quiet filter.
unsigned commonness(char byte);

class AnchorSieve {
 public:
  static constexpr std::size_t kWindow = 4, kGroups = 8;
  using Window = std::array<ByteSet, kWindow>;

  AnchorSieve() = default;
  /// Windows are put together so that few others pass: a millisecond for two hundred of them.
  explicit AnchorSieve(const std::vector<Window>& windows);

  /// Whether so few windows of a usual text pass that it is the quickest filter where find() is.
  bool is_quiet() const { return passing_ < kQuiet; }

  /// Whether a window whose four bytes begin at `at` may be one of ours: never false for one that is.
  bool passes(const char* at) const;

#ifdef PG_AVX512
  /// The offsets into `text` of windows that pass, of `steps` * kStep of them, are written to `windows`, in order; how many they
  /// are. Reads kReads bytes beyond those. `windows` has room for kStep a step, and some of it is written behind the last, too.
  /// For has_avx512().
  std::size_t find(const char* text, std::size_t steps, std::uint16_t* windows) const;
#endif
  static constexpr std::size_t kStep = 64, kReads = kWindow - 1;

 private:
  static constexpr double kQuiet = 600;  // windows per KB, of which a quarter pass in truth

  // By the lower seven bits of a byte, which is all a permute looks at: other bytes may pass in the place of ASCII's.
  alignas(64) std::array<std::array<std::uint8_t, 128>, kWindow> groups_{};
  double passing_ = 0;  // per KB, by commonness()
};

}  // namespace pg
