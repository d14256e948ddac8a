// One loop for one question; the same code connects, verifies and authenticates as when pg serves.
#include "proxy/probe_provider.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "proxy/access_tokens.h"
#include "proxy/address_call.h"
#include "proxy/net/upstream_io.h"
#include "proxy/provider_auth.h"

namespace pg {
namespace {

constexpr std::size_t kMaxProbeReply = 16u << 20;
constexpr std::string_view kAnthropicVersionField = "anthropic-version: 2023-06-01\r\n";

struct ProbeWork {
  const Provider& provider;
  const Outlet& outlet;
  std::optional<std::string> target;  // nullopt: only connect
  SteadyTime deadline;
  ProviderProbe& probe;
  Loop loop;
  TlsContexts tls;
  SystemClock clock;
  AccessTokens tokens;
};

const Outlet& outlet_to_ask(const Provider& provider) {
  for (const Outlet& outlet : provider.outlets)
    if (models_target(outlet)) return outlet;
  return provider.outlets.front();
}

std::string probe_head(const ProbeWork& work, const SecretString* token) {
  std::string head = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n",
                                 *work.target, work.outlet.base.authority());
  append_credential(head, work.provider, work.outlet, token, {"GET", *work.target, "", work.clock.wall()});
  if (work.outlet.dialect == DialectId::anthropic) head += kAnthropicVersionField;
  for (const auto& [name, value] : work.provider.headers) head += fmt::format("{}: {}\r\n", name, value);
  head += "Connection: close\r\n\r\n";
  return head;
}

Task<Result<std::string>> read_probe_body(UpstreamIo& connection) {
  std::string body;
  IoEnd end = connection.take_buffered(body);
  while ((end == IoEnd::again || end == IoEnd::ok) && body.size() <= kMaxProbeReply) end = co_await connection.read_body(body);
  if (end != IoEnd::eof) co_return make_error(Code::upstream_failed, "the provider's answer was cut short or too long");
  co_return body;
}

Task<Status> ask(ProbeWork& work) {
  AccessTokens::Token token;
  if (work.outlet.auth == AuthStyle::google && work.provider.google != nullptr) {
    const TokenErrand errand{work.loop, work.tls, work.clock, work.provider.ca_file, work.provider.connect_timeout};
    const ServiceAccount& account = *work.provider.google;
    Result<AccessTokens::Token> bought = co_await find_token(work.tokens, account, errand);
    if (!bought) co_return bought.error();
    token = std::move(bought).value();
  }
  UpstreamIo connection(work.loop, UpstreamPlace());
  connection.stream().set_deadline(std::min(work.deadline, work.clock.steady() + work.provider.connect_timeout));
  const Status opened = co_await connection.open(work.outlet.base, work.provider.ca_file, work.tls);
  if (!opened || !work.target) co_return opened;
  connection.stream().set_deadline(work.deadline);
  std::string head = probe_head(work, token.get());
  std::vector<iovec> pieces{{head.data(), head.size()}};
  const std::span<iovec> all(pieces);
  const UpstreamIo::Sent sent = co_await connection.send(all);
  wipe(head.data(), head.size());
  if (sent == UpstreamIo::Sent::failed || sent == UpstreamIo::Sent::timeout)
    co_return make_error(Code::upstream_failed, "the provider closed the connection", "while the request was sent");
  Result<ReplyHead> reply = co_await connection.read_head();
  if (!reply) co_return reply.error();
  work.probe.status = reply.value().status;
  if (work.probe.status != 200) co_return Status{};
  Result<std::string> body = co_await read_probe_body(connection);
  if (!body) co_return body.error();
  Result<std::vector<ListedModel>> models = read_models(body.value());
  if (!models) co_return models.error();
  work.probe.models = std::move(models).value();
  co_return Status{};
}

Task<void> run_probe(ProbeWork& work) {
  const SteadyTime begun = work.clock.steady();
  const Status done = co_await ask(work);
  work.probe.took = std::chrono::duration_cast<Millis>(work.clock.steady() - begun);
  if (!done) work.probe.error = done.error();
}

}  // namespace

ProviderProbe probe_provider(const Provider& provider, Millis timeout) {
  ProviderProbe probe;
  const Outlet& outlet = outlet_to_ask(provider);
  const SteadyTime begun = SystemClock().steady();
  ProbeWork work{provider, outlet, models_target(outlet), begun + timeout, probe, {}, {}, {}, {}};
  probe.has_list = work.target.has_value();
  Url asked = outlet.base;
  asked.query.clear();
  asked.path = work.target.value_or(asked.path);
  probe.asked = asked.text();
  asio::co_spawn(work.loop.io(), run_probe(work), asio::detached);
  work.loop.io().run();
  return probe;
}

}  // namespace pg
