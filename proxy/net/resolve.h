// Names to addresses, with the connection's deadline.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "proxy/net/asio.h"
#include "proxy/net/loop.h"

namespace pg {

/// Every address of `host`; an IP literal is not looked up. upstream_failed when there is none, upstream_timeout when nobody had
/// told by `deadline`.
Task<Result<std::vector<asio::ip::tcp::endpoint>>> resolve(Loop& loop, std::string host, std::uint16_t port, SteadyTime deadline);

}  // namespace pg
