// One loop for one question, with the same resolver, check and token errand as when pg serves.
#include "proxy/probe_service.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "core/policy.h"
#include "proxy/access_tokens.h"
#include "proxy/net/resolve.h"

namespace pg {
namespace {

struct ServiceProbeWork {
  const Service& service;
  SteadyTime deadline;
  ServiceProbe& probe;
  Loop loop;
  TlsContexts tls;
  SystemClock clock;
  AccessTokens tokens;
};

Task<void> probe_place(ServiceProbeWork& work) {
  const Provider& place = *work.service.provider;
  const Url& base = place.outlets.front().base;
  const Result<std::vector<asio::ip::tcp::endpoint>> found = co_await resolve(work.loop, base.host, base.port, work.deadline);
  if (!found) {
    work.probe.place_error = found.error();
    co_return;
  }
  for (const asio::ip::tcp::endpoint& endpoint : found.value())
    work.probe.addresses.push_back(spell_address(address_of(endpoint.address())));
  if (!place.public_only) co_return;
  if (const Status allowed = check_public(found.value(), base.host); !allowed) work.probe.place_error = allowed.error();
}

Task<void> probe_token(ServiceProbeWork& work) {
  const Provider& place = *work.service.provider;
  if (work.service.oauth == nullptr || !place.credential_problem.empty()) co_return;
  work.probe.asked_token = true;
  const TokenErrand errand{work.loop, work.tls, work.clock, place.ca_file, place.connect_timeout, place.public_only};
  const OAuthClient& client = *work.service.oauth;
  const Result<AccessTokens::Token> token = co_await find_token(work.tokens, client, errand);
  if (!token) work.probe.token_error = token.error();
  for (auto& [name, fresh] : work.tokens.take_rotated()) {
    work.probe.rotated = name;
    work.probe.fresh_token = std::move(fresh);
  }
}

Task<void> run_service_probe(ServiceProbeWork& work) {
  co_await probe_place(work);
  co_await probe_token(work);
}

}  // namespace

ServiceProbe probe_service(const Service& service, Millis timeout) {
  ServiceProbe probe;
  ServiceProbeWork work{service, SystemClock().steady() + timeout, probe, {}, {}, {}, {}};
  asio::co_spawn(work.loop.io(), run_service_probe(work), asio::detached);
  work.loop.io().run();
  return probe;
}

}  // namespace pg
