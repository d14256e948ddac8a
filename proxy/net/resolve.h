// Names to addresses, with the connection's deadline.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/address.h"
#include "core/base/result.h"
#include "proxy/net/asio.h"
#include "proxy/net/loop.h"

namespace pg {

/// Every address of `host`; an IP literal is not looked up. upstream_failed when there is none, upstream_timeout when nobody had
/// told by `deadline`.
Task<Result<std::vector<asio::ip::tcp::endpoint>>> resolve(Loop& loop, std::string host, std::uint16_t port, SteadyTime deadline);

Address address_of(const asio::ip::address& address);

/// forbidden unless every one of them is an address of the public internet: a name that leads both there and to this network is
/// no honest one. Only what was checked may be connected to; the name is not asked for again.
Status check_public(const std::vector<asio::ip::tcp::endpoint>& endpoints, std::string_view host);

}  // namespace pg
