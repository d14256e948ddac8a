// UTF-32 begins with the same mark as UTF-16 does, and is told apart by the zeros behind it.
#include "core/base/utf16.h"

#include <algorithm>

#include "core/base/text.h"

namespace pg {
namespace {

std::optional<bool> order_by_mark(std::string_view head) {
  if (head.starts_with("\xFE\xFF")) return true;
  if (head.starts_with("\xFF\xFE") && head.substr(2, 2) != std::string_view("\0\0", 2)) return false;
  return std::nullopt;
}

// No unit of such a text is a control character but for those that part words and lines.
std::optional<bool> order_by_zeros(std::string_view head) {
  constexpr std::size_t kFewest = 16;  // bytes: less may be anything
  const std::size_t size = std::min(head.size(), kUtf16Sniffed) / 2 * 2;
  if (size < kFewest) return std::nullopt;
  const bool big_endian = head[0] == 0;
  std::size_t plain = 0;
  for (std::size_t i = 0; i < size; i += 2) {
    const auto high = static_cast<unsigned char>(head[big_endian ? i : i + 1]);
    const auto low = static_cast<unsigned char>(head[big_endian ? i + 1 : i]);
    if (high != 0) continue;
    const bool written = (low >= ' ' && low <= '~') || low == '\t' || low == '\n' || low == '\r';
    if (!written && low < 0xA0) return std::nullopt;
    plain += written ? 1 : 0;
  }
  if (plain * 2 * 8 < size * 7) return std::nullopt;
  return big_endian;
}

// The character at `at` of well-formed UTF-8, which `at` is moved behind.
std::uint32_t take_character(std::string_view utf8, std::size_t& at) {
  const auto first = static_cast<unsigned char>(utf8[at++]);
  if (first < 0x80) return first;
  std::uint32_t character = first & (first < 0xE0 ? 0x1Fu : first < 0xF0 ? 0x0Fu : 0x07u);
  while (at < utf8.size() && (static_cast<unsigned char>(utf8[at]) & 0xC0) == 0x80)
    character = character << 6 | (static_cast<unsigned char>(utf8[at++]) & 0x3Fu);
  return character;
}

}  // namespace

std::optional<bool> utf16_order(std::string_view head, bool& marked) {
  const auto by_mark = order_by_mark(head);
  marked = by_mark.has_value();
  if (marked || head.substr(0, kUtf16Sniffed).find('\0') == std::string_view::npos) return by_mark;
  return order_by_zeros(head);
}

std::string from_utf16(std::string_view bytes, bool big_endian) {
  const auto unit_at = [&](std::size_t i) -> std::uint32_t {
    const auto first = static_cast<unsigned char>(bytes[i]), second = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<std::uint32_t>(big_endian ? first << 8u | second : second << 8u | first);
  };
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t unit = unit_at(i);
    if (is_high_surrogate(unit) && i + 3 < bytes.size() && is_low_surrogate(unit_at(i + 2))) {
      unit = join_surrogates(unit, unit_at(i + 2));
      i += 2;
    }
    append_utf8(out, unit);
  }
  return out;
}

std::string to_utf16(std::string_view utf8, bool big_endian) {
  std::string out;
  out.reserve(utf8.size() * 2);
  const auto add = [&](std::uint32_t unit) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  };
  for (std::size_t at = 0; at < utf8.size();) {
    const std::uint32_t character = take_character(utf8, at);
    if (character < 0x10000) {
      add(character);
      continue;
    }
    add(0xD800 + ((character - 0x10000) >> 10));
    add(0xDC00 + ((character - 0x10000) & 0x3FF));
  }
  return out;
}

}  // namespace pg
