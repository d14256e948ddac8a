// A request to a provider: a kept connection is tried first, and a new one when the kept one turns out to be dead.
#include "proxy/send_upstream.h"

#include <fmt/format.h>

#include "core/wire/echo.h"
#include "core/wire/estimate_tokens.h"
#include "proxy/address_call.h"
#include "proxy/client_watch.h"
#include "proxy/keep_body.h"
#include "proxy/keep_limits.h"
#include "proxy/upstream_head.h"

namespace pg {
namespace {

// The body as it came, except for the replaced spans: nothing is copied.
std::vector<iovec> gather(std::string_view head, std::string_view body, const std::vector<Edit>& edits) {
  std::vector<iovec> pieces;
  pieces.reserve(2 + edits.size() * 2);
  const auto add = [&pieces](std::string_view bytes) {
    if (!bytes.empty()) pieces.push_back({const_cast<char*>(bytes.data()), bytes.size()});
  };
  add(head);
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    add(body.substr(at, edit.begin - at));
    add(edit.text);
    at = edit.end;
  }
  add(body.substr(at));
  return pieces;
}

std::size_t edited_size(std::string_view body, const std::vector<Edit>& edits) {
  std::size_t size = body.size();
  for (const Edit& edit : edits) size += edit.text.size() - (edit.end - edit.begin);
  return size;
}

std::string_view body_of(const Exchange& x) {
  return x.to.body ? std::string_view(*x.to.body) : x.body;
}

struct Outgoing {
  std::string head = {};
  std::string_view body = {};  // edits_of(x) are made on the way out
  bool repeatable = true;      // nobody minds when it comes twice
};

struct Attempt {
  Result<Upstream> result;
  bool retry = false;  // a pooled connection turned out to be dead before it gave a byte
};

// Of the connection that the last attempt opened; a kept one was open before.
void note_connection(Exchange& x, const UpstreamIo& connection) {
  const auto since_begun = [&x](SteadyTime time) {
    return time == SteadyTime() ? -1 : std::chrono::duration_cast<Millis>(time - x.begun).count();
  };
  x.row.connect_ms = since_begun(connection.connected_at());
  x.row.tls_ms = since_begun(connection.secured_at());
}

Task<Attempt> try_once(Exchange& x, const Outgoing& request, bool fresh) {
  const Url& base = x.to.outlet->base;
  const std::string& ca_file = x.to.provider->ca_file;
  const bool public_only = x.to.provider->public_only;
  std::unique_ptr<UpstreamIo> connection;
  if (!fresh) connection = x.parts.pool.take(base, ca_file, public_only);
  x.row.connect_ms = x.row.tls_ms = -1;
  x.request_sent = false;
  if (!connection) {
    connection = std::make_unique<UpstreamIo>(x.parts.loop, UpstreamPlace::of(base, ca_file, public_only));
    connection->stream().set_deadline(x.gw.clock.steady() + x.to.provider->connect_timeout);
    const ClientWatch watch(x, connection->stream());
    const Status opened = co_await connection->open(base, ca_file, x.gw.tls);
    note_connection(x, *connection);
    if (!opened && x.revoked) co_return Attempt{revoked_error(x), false};
    if (!opened) co_return Attempt{watch.client_left() ? client_left_error() : opened.error(), false};
  }
  connection->stream().set_deadline(x.gw.clock.steady() + x.to.provider->first_byte_timeout);
  std::vector<iovec> pieces = gather(request.head, request.body, edits_of(x));
  const ClientWatch watch(x, connection->stream());
  if (!is_long(pieces)) co_await x.parts.loop.join(Stage::send);
  UpstreamIo::Sent sent = UpstreamIo::Sent::all;
  const std::span<iovec> left = connection->send_now(pieces);
  if (!left.empty()) sent = co_await connection->send(left);
  x.request_sent = sent == UpstreamIo::Sent::all;
  if (x.revoked) co_return Attempt{revoked_error(x), false};
  // Whose client went away while its body was on its way is no failure of the provider.
  if (sent != UpstreamIo::Sent::all && watch.client_left()) co_return Attempt{client_left_error(), false};
  const bool may_retry = connection->was_reused() && !watch.client_left();
  if (sent == UpstreamIo::Sent::timeout)
    co_return Attempt{make_error(Code::upstream_timeout, "the provider did not take the request in time"), false};
  if (sent == UpstreamIo::Sent::failed)
    co_return Attempt{make_error(Code::upstream_failed, "the provider closed the connection", "while the request was sent"),
                      may_retry};
  Result<ReplyHead> reply = co_await connection->read_head();
  if (watch.client_left()) co_return Attempt{client_left_error(), false};
  if (x.revoked) co_return Attempt{revoked_error(x), false};
  if (!reply) {
    const bool again = may_retry && !connection->got_any_byte() && reply.error().code == Code::upstream_failed;
    co_return Attempt{reply.error(), again};
  }
  Upstream upstream;
  upstream.connection = std::move(connection);
  upstream.head = std::move(reply).value();
  co_return Attempt{std::move(upstream), false};
}

Task<Result<Upstream>> exchange_heads(Exchange& x, Outgoing request) {
  Attempt attempt = co_await try_once(x, request, false);
  if (attempt.retry && request.repeatable) attempt = co_await try_once(x, request, true);
  if (attempt.result) x.row.upstream_ms = std::chrono::duration_cast<Millis>(x.gw.clock.steady() - x.begun).count();
  co_return std::move(attempt.result);
}

Upstream answer_echo(Exchange& x) {
  const std::string body = apply_edits(body_of(x), edits_of(x));
  RequestView view;
  Upstream upstream;
  upstream.head.status = 200;
  upstream.local = std::make_unique<LocalReply>();
  if (!read_spans(body, x.surface.dialect, view)) return upstream;  // cannot fail: the unedited body was read before
  EchoReply reply = write_echo(x.surface.dialect, body, view, x.surface.operation == Operation::count_tokens,
                               x.gw.clock.wall() / 1000, x.row.id);
  *upstream.local = {std::move(reply.content_type), std::move(reply.body), std::move(reply.saw)};
  return upstream;
}

// A provider of another dialect cannot count for this client: the estimate errs high, so that one who trusts it compacts too
// early rather than too late.
Upstream answer_estimate(const Exchange& x) {
  Upstream upstream;
  upstream.head.status = 200;
  std::int64_t tokens = 0;
  if (x.to.translated)
    tokens = x.to.translated->input_estimate;
  else if (const Result<std::int64_t> guess = estimate_request_tokens(wire_of(x.surface.dialect), x.body))
    tokens = guess.value();
  upstream.local =
      std::make_unique<LocalReply>(LocalReply{"application/json", fmt::format("{{\"input_tokens\":{}}}", tokens), {}});
  return upstream;
}

// Echo, which has no outlet, counts itself. Bedrock counts only what it is told in a shape of its own.
bool is_estimated(const Exchange& x) {
  if (x.surface.operation != Operation::count_tokens || x.to.provider->echo) return false;
  return x.to.translated || x.to.outlet->form == OutletForm::bedrock;
}

Task<Result<Upstream>> answer_here(Exchange& x) {
  co_return x.to.provider->echo ? answer_echo(x) : answer_estimate(x);
}

// Path and query. Where path or body were made for the provider, the client's query (?beta=true) means nothing to it.
std::string target_of(const Exchange& x) {
  const std::string& base = x.to.outlet->base.path;
  if (!x.to.path.empty()) return base + x.to.path;
  std::string target = base;
  target += dialect(x.to.translated ? x.to.outlet->dialect : x.surface.dialect).upstream_path;
  if (x.surface.operation == Operation::count_tokens) target += "/count_tokens";
  if (x.to.translated) return target;
  return target.append(x.surface.query);
}

Task<Status> buy_token(Exchange& x) {
  if (x.to.provider->google == nullptr) co_return Status{};
  const TokenErrand errand{x.parts.loop, x.gw.tls, x.gw.clock, x.to.provider->ca_file, x.to.provider->connect_timeout};
  const ServiceAccount& account = *x.to.provider->google;
  Result<AccessTokens::Token> token = co_await find_token(x.gw.tokens, account, errand);
  if (!token) co_return token.error();
  x.to.token = std::move(token).value();
  co_return Status{};
}

Task<Result<Upstream>> send_body(Exchange& x) {
  Outgoing request{write_upstream_head(x, "POST", target_of(x), edited_size(body_of(x), edits_of(x))), body_of(x)};
  return exchange_heads(x, std::move(request));
}

// A token may be withdrawn before its end. Nothing of the refusal has gone to the client yet.
bool is_token_refused(Exchange& x, const Result<Upstream>& upstream) {
  if (x.to.token == nullptr || !upstream || upstream.value().head.status != 401) return false;
  return x.gw.tokens.discard(x.to.provider->google->id, x.to.token, x.gw.clock.steady());
}

Task<Result<Upstream>> send_with_token(Exchange& x) {
  const Status bought = co_await buy_token(x);
  if (!bought) co_return bought.error();
  Result<Upstream> first = co_await send_body(x);
  if (!is_token_refused(x, first)) co_return first;
  const Status again = co_await buy_token(x);
  if (!again) co_return first;
  first.value().connection.reset();
  Result<Upstream> second = co_await send_body(x);
  co_return second;
}

}  // namespace

Error client_left_error() {
  return make_error(Code::timeout, "the client left", "client left");
}
bool is_client_left(const Error& error) {
  return error.code == Code::timeout && error.detail == "client left";
}

const std::vector<Edit>& edits_of(const Exchange& x) {
  static const std::vector<Edit> kNone;
  if (x.to.body) return kNone;
  return x.to.edits ? *x.to.edits : guarded_of(x).edits;
}

// Not a coroutine itself: one less for every call.
Task<Result<Upstream>> send_upstream(Exchange& x) {
  const bool stays_here = is_estimated(x);
  if (!stays_here) keep_request(x, body_of(x), edits_of(x));
  if (x.to.provider->echo || stays_here) return answer_here(x);
  return x.to.outlet->auth == AuthStyle::google ? send_with_token(x) : send_body(x);
}

void estimate_uncounted(Exchange& x, Result<Upstream>& sent) {
  const auto says_nothing = [](int status) {
    return status == 404 || status == 405 || status == 408 || status == 429 || status >= 500;
  };
  const auto is_down = [](const Error& error) {
    return error.code == Code::upstream_failed || error.code == Code::upstream_timeout || error.code == Code::unavailable;
  };
  if (x.revoked || (sent ? !says_nothing(sent.value().head.status) : !is_down(sent.error()))) return;
  add_warnings(x, {"estimate:input_tokens"});
  x.row.warnings = x.to.warnings;
  sent = answer_estimate(x);
}

Task<Result<Upstream>> get_upstream(Exchange& x, std::string target) {
  Outgoing request{write_upstream_head(x, "GET", target, std::nullopt), {}};
  return exchange_heads(x, std::move(request));
}

Task<Result<Upstream>> send_written(Exchange& x, std::string head, bool repeatable) {
  Outgoing request{std::move(head), body_of(x), repeatable};
  return exchange_heads(x, std::move(request));
}

std::size_t outgoing_size(const Exchange& x) {
  return edited_size(body_of(x), edits_of(x));
}

void release_upstream(Exchange& x, Upstream& upstream) {
  if (upstream.connection && upstream.connection->is_reusable()) x.parts.pool.give_back(std::move(upstream.connection));
  upstream.connection.reset();
}

}  // namespace pg
