// How a request arrived: for whom, under which host name, over which scheme. Behind a proxy only that proxy knows, and it is
// believed only when its address is on the list.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/http.h"
#include "core/base/network.h"
#include "core/base/result.h"

namespace pg {

struct Arrival {
  std::string host;               // the client's word for us, in lower case and without port; "" when it gave none
  std::optional<Address> client;  // the right-most hop that is no trusted proxy; nullopt: a proxy did not say
  bool forwarded = false;         // a trusted proxy said for whom it asks
  std::string scheme;             // "http" or "https" as that proxy said; "" when nobody did
};

/// Reads X-Forwarded-For, -Host and -Proto, or else Forwarded (RFC 7239), from a peer among `trusted`, and nothing but Host from
/// any other. bad_request when the two families name different clients: one of them then comes from the client itself.
Result<Arrival> read_arrival(const RequestHead& head, const Address& peer, std::span<const Network> trusted);

/// `host`, or `host:port` with a numeric port, without the port; the brackets of IPv6 stay.
std::string_view without_port(std::string_view authority);

}  // namespace pg
