// IP addresses as bytes, and which of them the public internet can reach.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pg {

/// An IPv4 or IPv6 address in network order; IPv4 fills the first four bytes and leaves the rest 0.
struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};

  bool operator==(const Address&) const = default;

  /// 127.0.0.0/8 or ::1, also as an IPv4-mapped address (::ffff:127.0.0.1).
  bool is_loopback() const;

  /// True when the address is globally reachable unicast: outside every range that IANA's special-purpose registries
  /// (RFC 6890 with its updates) do not call globally reachable, and outside multicast. An IPv6 address that carries an IPv4 one
  /// (mapped, NAT64, 6to4) is as public as the address it carries. Refuses when in doubt: it decides what may be connected to.
  bool is_public() const;
};

/// Reads an IP literal: strict dotted quad without leading zeros, or RFC 4291 §2.2 text with or without brackets. nullopt for
/// anything else, also for zone ids, ports, and the short or octal IPv4 forms that inet_aton takes.
std::optional<Address> parse_address(std::string_view text);
/// The literal without brackets, as RFC 5952 spells it: lower case, "::" for the longest run of zeros, 127.0.0.1 for an IPv4
/// address that an IPv6 one carries as mapped. At most 39 bytes; parse_address() reads it back.
std::string spell_address(const Address& address);

}  // namespace pg
