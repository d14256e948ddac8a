// A set of bytes, written as the inside of a character class: "A-Za-z0-9_-".
#pragma once

#include <array>
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
    for (unsigned b = 0; b < 256; ++b) n += has(static_cast<char>(b)) ? 1 : 0;
    return n;
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
