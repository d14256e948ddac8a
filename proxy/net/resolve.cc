// Asio's resolver asks getaddrinfo on a thread of its own, so that a slow name server holds up nobody else.
#include "proxy/net/resolve.h"

#include <boost/asio/ip/basic_resolver.hpp>

namespace pg {

Task<Result<std::vector<asio::ip::tcp::endpoint>>> resolve(Loop& loop, std::string host, std::uint16_t port) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  boost::system::error_code not_literal;
  const asio::ip::address literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) {
    endpoints.emplace_back(literal, port);
    co_return endpoints;
  }
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver(loop.io());
  const std::string service = std::to_string(port);
  const auto found = co_await resolver.async_resolve(host, service, asio::ip::resolver_base::numeric_service, kAwait);
  if (std::get<0>(found))
    co_return make_error(Code::upstream_failed, "the provider could not be reached",
                         "cannot resolve " + host + ": " + std::get<0>(found).message());
  for (const auto& entry : std::get<1>(found)) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

}  // namespace pg
