// UTF-16 in bytes: which order they are in, and the way to UTF-8 and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pg {

constexpr bool is_high_surrogate(std::uint32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
constexpr bool is_low_surrogate(std::uint32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}
/// The code point that a pair stands for.
constexpr std::uint32_t join_surrogates(std::uint32_t high, std::uint32_t low) {
  return 0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF));
}

/// How many bytes of a text utf16_order() looks at.
inline constexpr std::size_t kUtf16Sniffed = 8192;

/// Whether UTF-16 text that begins with `head` has the high byte first; nullopt for what is none. `marked` tells whether it
/// begins with a byte order mark; text without one counts when seven of eight units are ASCII that people write.
std::optional<bool> utf16_order(std::string_view head, bool& marked);

/// UTF-8 of it; half a surrogate pair takes three bytes, as if it were a character, so that the way back gives it again. An odd
/// last byte is left out.
std::string from_utf16(std::string_view bytes, bool big_endian);
/// The other way, for well-formed UTF-8 or what from_utf16() gave.
std::string to_utf16(std::string_view utf8, bool big_endian);

}  // namespace pg
