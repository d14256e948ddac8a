// The groups are made greedily: each window goes where it lets the fewest others pass, and then once more, when all have a place.
#include "core/guard/anchor_sieve.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "core/base/wide.h"

namespace pg {
namespace {

constexpr unsigned weight_of(char byte) {
  constexpr std::string_view kFrequent = " etaoinsrhldcu";
  if (kFrequent.find(byte) != std::string_view::npos) return 60;
  if (kLower.has(byte)) return 20;
  if (kDigits.has(byte) || std::string_view("\n\"'.,/-_=:()").find(byte) != std::string_view::npos) return 10;
  return kUpper.has(byte) ? 4 : 2;
}

constexpr std::array<unsigned, 256> kCommonness = [] {
  std::array<unsigned, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = weight_of(static_cast<char>(i));
  return table;
}();

/// Bytes by their lower seven bits, as the permute sees them.
using Bytes = std::array<std::uint64_t, 2>;

struct Group {
  std::array<Bytes, AnchorSieve::kWindow> positions{};

  void add(const Group& other) {
    for (std::size_t i = 0; i < positions.size(); ++i)
      for (std::size_t half = 0; half < 2; ++half) positions[i][half] |= other.positions[i][half];
  }
};

double share_of(const Bytes& bytes) {
  unsigned sum = 0;
  for (unsigned half = 0; half < 2; ++half)
    for (std::uint64_t left = bytes[half]; left != 0; left &= left - 1)
      sum += kCommonness[half * 64 + static_cast<unsigned>(std::countr_zero(left))];
  return std::min(1.0, sum / 1000.0);
}

/// Which part of all windows passes.
double share_of(const Group& group) {
  double share = 1;
  for (const Bytes& bytes : group.positions) share *= share_of(bytes);
  return share;
}

Group group_of_window(const AnchorSieve::Window& window) {
  Group group;
  for (std::size_t i = 0; i < window.size(); ++i)
    window[i].for_each([&](char byte) {
      const auto b = static_cast<unsigned char>(byte) & 127U;
      group.positions[i][b >> 6] |= std::uint64_t{1} << (b & 63);
    });
  return group;
}

using SieveGroups = std::array<Group, AnchorSieve::kGroups>;

std::size_t best_for(const Group& window, const SieveGroups& groups) {
  std::size_t best = 0;
  double least = 2;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    Group with = groups[i];
    with.add(window);
    const double more = share_of(with) - share_of(groups[i]);
    if (more >= least) continue;
    best = i;
    least = more;
  }
  return best;
}

}  // namespace

unsigned commonness(char byte) {
  return kCommonness[static_cast<unsigned char>(byte)];
}

AnchorSieve::AnchorSieve(const std::vector<Window>& windows) {
  SieveGroups groups;
  std::vector<Group> each;
  std::vector<std::size_t> placed;
  for (const Window& window : windows) {
    each.push_back(group_of_window(window));
    placed.push_back(best_for(each.back(), groups));
    groups[placed.back()].add(each.back());
  }
  for (std::size_t i = 0; i < each.size(); ++i) {
    Group& left = groups[placed[i]];
    left = {};
    for (std::size_t other = 0; other < each.size(); ++other)
      if (other != i && placed[other] == placed[i]) left.add(each[other]);
    placed[i] = best_for(each[i], groups);
    groups[placed[i]].add(each[i]);
  }
  for (std::size_t group = 0; group < groups.size(); ++group) {
    passing_ += 1024 * share_of(groups[group]);
    for (std::size_t i = 0; i < kWindow; ++i)
      for (std::size_t byte = 0; byte < 128; ++byte)
        if ((groups[group].positions[i][byte >> 6] >> (byte & 63) & 1) != 0)
          groups_[i][byte] = static_cast<std::uint8_t>(groups_[i][byte] | 1U << group);
  }
}

bool AnchorSieve::passes(const char* at) const {
  unsigned groups = 0xFF;
  for (std::size_t i = 0; i < kWindow; ++i) groups &= groups_[i][static_cast<unsigned char>(at[i]) & 127U];
  return groups != 0;
}

#ifdef PG_AVX512
PG_AVX512 std::size_t AnchorSieve::find(const char* text, std::size_t steps, std::uint16_t* windows) const {
  alignas(64) static constexpr std::array<std::uint8_t, kStep> kOffsets = [] {
    std::array<std::uint8_t, kStep> offsets{};
    for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] = static_cast<std::uint8_t>(i);
    return offsets;
  }();
  const __m512i offsets = _mm512_load_si512(kOffsets.data());
  const auto groups_at = [&](std::size_t i, const char* at) PG_AVX512 {
    const __m512i low = _mm512_load_si512(groups_[i].data()), high = _mm512_load_si512(groups_[i].data() + 64);
    return _mm512_permutex2var_epi8(low, _mm512_loadu_si512(at + i), high);
  };
  std::uint16_t* to = windows;
  for (std::size_t at = 0; at < steps * kStep; at += kStep) {
    const char* const from = text + at;
    const __m512i first = _mm512_and_si512(groups_at(0, from), groups_at(1, from));
    const __m512i last = _mm512_and_si512(groups_at(2, from), groups_at(3, from));
    const std::uint64_t found = _mm512_test_epi8_mask(first, last);
    // Without a branch for what passes, as that cannot be foreseen; but hardly ever is it more than half of all.
    const __m512i chosen = _mm512_maskz_compress_epi8(found, offsets);
    const __m512i base = _mm512_set1_epi16(static_cast<short>(at));
    const auto count = static_cast<std::size_t>(std::popcount(found));
    _mm512_storeu_si512(to, _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(chosen)), base));
    if (count > kStep / 2)
      _mm512_storeu_si512(to + kStep / 2, _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(chosen, 1)), base));
    to += count;
  }
  return static_cast<std::size_t>(to - windows);
}
#endif

}  // namespace pg
