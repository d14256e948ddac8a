// Prefixes are compared bit by bit from the front; both families through the same bytes.
#include "core/base/network.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace pg {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const Address& address) {
  return address.v6 && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
}

bool same_prefix(const Address& a, const Address& b, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + static_cast<std::ptrdiff_t>(whole), b.bytes.begin())) return false;
  if (bits % 8 == 0) return true;
  return ((a.bytes[whole] ^ b.bytes[whole]) >> (8 - bits % 8)) == 0;
}

std::optional<int> read_bits(std::string_view text, int most) {
  int bits = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool whole = failed == std::errc() && end == text.data() + text.size() && !text.empty();
  if (!whole || bits < 0 || bits > most || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return bits;
}

Address cut_to_prefix(Address address, int bits) {
  for (int at = 0; at < 128; ++at)
    if (at >= bits) address.bytes[static_cast<std::size_t>(at / 8)] &= static_cast<std::uint8_t>(~(0x80u >> (at % 8)));
  return address;
}

}  // namespace

Address unmapped(const Address& address) {
  if (!is_mapped(address)) return address;
  Address v4;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), v4.bytes.begin());
  return v4;
}

bool Network::has(const Address& address) const {
  const Address plain = unmapped(address);
  return plain.v6 == base.v6 && same_prefix(plain, base, bits);
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address || text.starts_with('[')) return std::nullopt;
  int bits = address->v6 ? 128 : 32;
  if (slash != std::string_view::npos) {
    const auto given = read_bits(text.substr(slash + 1), bits);
    if (!given) return std::nullopt;
    bits = *given;
  }
  if (!(cut_to_prefix(*address, bits) == *address)) return std::nullopt;
  if (is_mapped(*address) && bits >= 96) return Network{unmapped(*address), bits - 96};
  return Network{*address, bits};
}

}  // namespace pg
