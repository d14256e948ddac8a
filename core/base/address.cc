// Reading IP literals, and the special-purpose ranges of RFC 6890 as one table per family.
#include "core/base/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>

#include "core/base/ascii.h"

namespace pg {
namespace {

struct AddressBlock {
  std::array<std::uint8_t, 16> bytes;
  unsigned prefix;  // bits
};

// IANA IPv4 Special-Purpose Address Registry: rows that are not globally reachable, and multicast.
constexpr AddressBlock kSpecial4[] = {
    {{0}, 8},              // "this network"
    {{10}, 8},             // private
    {{100, 64}, 10},       // carrier-grade NAT
    {{127}, 8},            // loopback
    {{169, 254}, 16},      // link local, cloud metadata
    {{172, 16}, 12},       // private
    {{192, 0, 0}, 24},     // protocol assignments
    {{192, 0, 2}, 24},     // documentation
    {{192, 88, 99}, 24},   // 6to4 relay, deprecated
    {{192, 168}, 16},      // private
    {{198, 18}, 15},       // benchmarking
    {{198, 51, 100}, 24},  // documentation
    {{203, 0, 113}, 24},   // documentation
    {{224}, 4},            // multicast
    {{240}, 4},            // reserved, broadcast
};

// IPv6: inside 2000::/3, the only space handed out for global unicast, these are not for everybody.
constexpr AddressBlock kSpecial6[] = {
    {{0x20, 0x01}, 23},              // protocol assignments: Teredo, ORCHID, benchmarking
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x3f, 0xff}, 20},              // documentation
};

constexpr AddressBlock kGlobal6 = {{0x20}, 3};
constexpr AddressBlock kLoopback4 = {{127}, 8};

// IPv6 prefixes that carry an IPv4 address, and the byte it begins at.
struct Carrier {
  AddressBlock block;
  std::size_t at;
};
constexpr Carrier kCarriers[] = {
    {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, 12},  // IPv4-mapped
    {{{0, 0x64, 0xff, 0x9b}, 96}, 12},                       // NAT64 (RFC 6052)
    {{{0x20, 0x02}, 16}, 2},                                 // 6to4 (RFC 3056)
};
constexpr const AddressBlock& kMappedBlock = kCarriers[0].block;

bool is_within(const Address& address, const AddressBlock& block) {
  const std::size_t whole = block.prefix / 8;
  const unsigned rest = block.prefix % 8;
  if (!std::equal(block.bytes.begin(), block.bytes.begin() + static_cast<std::ptrdiff_t>(whole), address.bytes.begin()))
    return false;
  return rest == 0 || ((address.bytes[whole] ^ block.bytes[whole]) >> (8 - rest)) == 0;
}

Address carried_address(const Address& address, std::size_t at) {
  Address out;
  std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(at), 4, out.bytes.begin());
  return out;
}

std::optional<Address> parse_v4(std::string_view text) {
  Address out;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view part = text.substr(0, end);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    unsigned value = 0;
    for (const char c : part) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (value > 255 || (i < 3) != (end < text.size())) return std::nullopt;
    out.bytes[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::optional<unsigned> parse_group(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return value;
}

/// Groups of one side of `::` appended to `bytes` from `at`; the count of bytes written, nullopt when malformed or too long.
std::optional<std::size_t> parse_groups(std::string_view text, bool may_end_in_v4, std::array<std::uint8_t, 16>& bytes) {
  std::size_t at = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    const std::string_view part = text.substr(0, end);
    const bool last = end == text.size();
    if (last && may_end_in_v4 && part.find('.') != std::string_view::npos) {
      const auto v4 = parse_v4(part);
      if (!v4 || at + 4 > bytes.size()) return std::nullopt;
      std::copy_n(v4->bytes.begin(), 4, bytes.begin() + static_cast<std::ptrdiff_t>(at));
      return at + 4;
    }
    const auto group = parse_group(part);
    if (!group || at + 2 > bytes.size()) return std::nullopt;
    bytes[at++] = static_cast<std::uint8_t>(*group >> 8);
    bytes[at++] = static_cast<std::uint8_t>(*group & 0xFFu);
    if (last) return at;
    text.remove_prefix(end + 1);
    if (text.empty()) return std::nullopt;  // ended in a single colon
  }
  return at;
}

std::optional<Address> parse_v6(std::string_view text) {
  Address out;
  out.v6 = true;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto size = parse_groups(text, true, out.bytes);
    return size == 16u ? std::optional(out) : std::nullopt;
  }
  std::array<std::uint8_t, 16> tail{};
  const auto head_size = parse_groups(text.substr(0, gap), false, out.bytes);
  const auto tail_size = parse_groups(text.substr(gap + 2), true, tail);
  if (!head_size || !tail_size || *head_size + *tail_size > 14) return std::nullopt;  // `::` stands for at least one group
  std::copy_n(tail.begin(), *tail_size, out.bytes.end() - static_cast<std::ptrdiff_t>(*tail_size));
  return out;
}

// For every request, so without a format to read.
std::string spell_v4(const Address& address) {
  char text[sizeof "255.255.255.255"];
  char* to = text;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *to++ = '.';
    to = std::to_chars(to, std::end(text), address.bytes[i]).ptr;
  }
  return std::string(text, to);
}

// Of the eight groups of an IPv6 address.
unsigned group_of(const Address& address, std::size_t i) {
  return static_cast<unsigned>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]);
}

struct ZeroRun {
  std::size_t begin = 0, count = 0;  // groups
};

// The first of the longest; a single group is none.
ZeroRun longest_zeros(const Address& address) {
  ZeroRun best;
  for (std::size_t i = 0; i < 8; ++i) {
    ZeroRun run{i, 0};
    while (i < 8 && group_of(address, i) == 0) ++run.count, ++i;
    if (run.count > 1 && run.count > best.count) best = run;
  }
  return best;
}

}  // namespace

std::string spell_address(const Address& address) {
  if (is_within(address, kMappedBlock)) return spell_address(carried_address(address, 12));
  if (!address.v6) return spell_v4(address);
  const ZeroRun zeros = longest_zeros(address);
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == zeros.begin && zeros.count > 0) {
      out += "::";
      i += zeros.count - 1;
      continue;
    }
    const bool joins = !out.empty() && out.back() != ':';
    fmt::format_to(std::back_inserter(out), "{}{:x}", joins ? ":" : "", group_of(address, i));
  }
  return out;
}

bool Address::is_loopback() const {
  if (!v6) return is_within(*this, kLoopback4);
  if (is_within(*this, kMappedBlock)) return carried_address(*this, 12).is_loopback();
  Address one;
  one.v6 = true;
  one.bytes[15] = 1;
  return *this == one;
}

bool Address::is_public() const {
  const auto holds_this = [this](const AddressBlock& block) { return is_within(*this, block); };
  if (!v6) return std::none_of(std::begin(kSpecial4), std::end(kSpecial4), holds_this);
  for (const Carrier& carrier : kCarriers) {
    if (is_within(*this, carrier.block)) return carried_address(*this, carrier.at).is_public();
  }
  return is_within(*this, kGlobal6) && std::none_of(std::begin(kSpecial6), std::end(kSpecial6), holds_this);
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return parse_v6(text.substr(1, text.size() - 2));
  return text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
}

}  // namespace pg
