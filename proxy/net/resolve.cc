// Asio's resolver asks getaddrinfo on a thread of its own, so that a slow name server holds up no loop. That call cannot be
// interrupted: when its time is up, who asked goes on, and what it finds later is dropped.
#include "proxy/net/resolve.h"

#include <algorithm>
#include <boost/asio/ip/basic_resolver.hpp>
#include <memory>
#include <tuple>

namespace pg {
namespace {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

// Owned by who asked and by the question that is under way, whichever lasts longer.
struct Lookup {
  explicit Lookup(asio::io_context& io) : resolver(io), bell(io) {}

  Resolver resolver;
  Timer bell;  // rings at the deadline, and is silenced by the answer
  bool answered = false;
  boost::system::error_code error;
  Endpoints endpoints;
};

}  // namespace

Task<Result<Endpoints>> resolve(Loop& loop, std::string host, std::uint16_t port, SteadyTime deadline) {
  boost::system::error_code not_literal;
  const asio::ip::address literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return Endpoints{{literal, port}};
  const auto lookup = std::make_shared<Lookup>(loop.io());
  lookup->bell.expires_at(deadline);
  const std::string service = std::to_string(port);
  const auto answer = [lookup](boost::system::error_code error, const Resolver::results_type& found) {
    lookup->answered = true;
    lookup->error = error;
    for (const auto& entry : found) lookup->endpoints.push_back(entry.endpoint());
    lookup->bell.cancel();
  };
  lookup->resolver.async_resolve(host, service, asio::ip::resolver_base::numeric_service, answer);
  co_await lookup->bell.async_wait(kAwait);
  if (!lookup->answered)
    co_return make_error(Code::upstream_timeout, "the provider did not answer in time",
                         "no name server told where " + host + " is");
  if (lookup->error)
    co_return make_error(Code::upstream_failed, "the provider could not be reached",
                         "cannot resolve " + host + ": " + lookup->error.message());
  co_return std::move(lookup->endpoints);
}

Address address_of(const asio::ip::address& address) {
  Address out;
  out.v6 = address.is_v6();
  if (out.v6) {
    const auto bytes = address.to_v6().to_bytes();
    std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  } else {
    const auto bytes = address.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  }
  return out;
}

Status check_public(const Endpoints& endpoints, std::string_view host) {
  for (const asio::ip::tcp::endpoint& endpoint : endpoints) {
    const Address address = address_of(endpoint.address());
    if (address.is_public()) continue;
    return make_error(Code::forbidden,
                      "the service leads to an address that the public internet cannot reach; private = true allows that",
                      std::string(host) + " is " + spell_address(address));
  }
  return {};
}

}  // namespace pg
