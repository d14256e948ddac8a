// A set of bytes, written as the inside of a character class: "A-Za-z0-9_-".
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pg {

class ByteSet {
 public:
  constexpr ByteSet() = default;
  /// Ranges and single bytes; a '-' at either end stands for itself. Square brackets around the whole are left out.
  constexpr explicit ByteSet(std::string_view ranges) {
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const auto first = static_cast<unsigned char>(ranges[i]);
      auto last = first;
      if (i + 2 < ranges.size() && ranges[i + 1] == '-') {
        last = static_cast<unsigned char>(ranges[i + 2]);
        i += 2;
      }
      for (unsigned b = first; b <= last; ++b) add(static_cast<char>(b));
    }
  }
  constexpr void add(char byte) {
    const auto b = static_cast<unsigned char>(byte);
    words_[b >> 6] |= std::uint64_t{1} << (b & 63);
  }
  constexpr bool has(char byte) const {
    const auto b = static_cast<unsigned char>(byte);
    return ((words_[b >> 6] >> (b & 63)) & 1) != 0;
  }
  constexpr std::size_t size() const {
    std::size_t n = 0;
    for (const std::uint64_t word : words_) n += static_cast<std::size_t>(std::popcount(word));
    return n;
  }
  /// Every byte of the set, in order.
  template <class Visit>
  constexpr void for_each(Visit visit) const {
    for (unsigned w = 0; w < words_.size(); ++w)
      for (std::uint64_t left = words_[w]; left != 0; left &= left - 1)
        visit(static_cast<char>(w * 64 + static_cast<unsigned>(std::countr_zero(left))));
  }

 private:
  std::array<std::uint64_t, 4> words_{};
};

inline constexpr ByteSet kDigits("0-9");
inline constexpr ByteSet kUpper("A-Z");
inline constexpr ByteSet kLower("a-z");
inline constexpr ByteSet kAlnum("A-Za-z0-9");
inline constexpr ByteSet kWord("A-Za-z0-9_");
inline constexpr ByteSet kHex("0-9a-fA-F");
inline constexpr ByteSet kLowerHex("0-9a-f");
inline constexpr ByteSet kBase64("A-Za-z0-9+/");
inline constexpr ByteSet kBase64Url("A-Za-z0-9_-");
inline constexpr ByteSet kBase32("A-Z2-7");
inline constexpr ByteSet kSpace(" \t\r\n");

}  // namespace pg
