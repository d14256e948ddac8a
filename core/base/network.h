// A range of IP addresses, such as 10.0.0.0/8: for lists of peers that are trusted.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/address.h"

namespace pg {

struct Network {
  Address base;   // the bits behind `bits` are 0
  int bits = 32;  // of 32, or of 128

  bool operator==(const Network&) const = default;
  /// An IPv4-mapped address (::ffff:10.0.0.1) is the IPv4 one that it carries.
  bool has(const Address& address) const;
};

/// Reads "10.0.0.0/8", "2001:db8::/32", or one address. nullopt for anything else, also for bits set behind the prefix.
std::optional<Network> parse_network(std::string_view text);

/// The IPv4 address that an IPv4-mapped one carries (RFC 4291 §2.5.5.2); any other as it is.
Address unmapped(const Address& address);

}  // namespace pg
