// In UTF-8's way of writing numbers a high half is ED A0..AF xx and a low one ED B0..BF xx.
#include "core/wire/half_joiner.h"

#include <cstdint>
#include <utility>

namespace pg {
namespace {

constexpr std::size_t kHalf = 3;  // bytes

bool is_half(std::string_view text, std::size_t at, unsigned char from, unsigned char to) {
  if (at + kHalf > text.size() || text[at] != '\xED') return false;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  return second >= from && second <= to;
}
bool is_high(std::string_view text, std::size_t at) {
  return is_half(text, at, 0xA0, 0xAF);
}
bool is_low(std::string_view text, std::size_t at) {
  return is_half(text, at, 0xB0, 0xBF);
}

std::uint32_t half_bits(std::string_view half) {
  return (static_cast<unsigned char>(half[1]) & 0x0Fu) << 6 | (static_cast<unsigned char>(half[2]) & 0x3Fu);
}

// U+10000 and on, from the ten bits that each half has.
void append_pair(std::string& out, std::string_view high, std::string_view low) {
  const std::uint32_t c = 0x10000 + (half_bits(high) << 10 | half_bits(low));
  out += static_cast<char>(0xF0 | c >> 18);
  out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
  out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
  out += static_cast<char>(0x80 | (c & 0x3F));
}

}  // namespace

std::string HalfJoiner::push(std::string_view piece) {
  const std::string text = std::exchange(held_, {}).append(piece);
  std::string out;
  out.reserve(text.size());
  std::size_t from = 0;
  for (std::size_t at = text.find('\xED'); at != std::string::npos; at = text.find('\xED', at)) {
    const bool at_end = at + kHalf == text.size();
    if (!is_high(text, at) || (!at_end && !is_low(text, at + kHalf))) {
      ++at;
      continue;
    }
    out.append(text, from, at - from);
    if (at_end) {
      held_ = text.substr(at);
      return out;
    }
    append_pair(out, std::string_view(text).substr(at, kHalf), std::string_view(text).substr(at + kHalf, kHalf));
    from = at += 2 * kHalf;
  }
  return out.append(text, from);
}

std::string HalfJoiner::finish() {
  return std::exchange(held_, {});
}

}  // namespace pg
