// An answer that comes soon is one JSON text. One that takes its time becomes a stream, with what the server reports meanwhile
// and a sign of life in between.
#include <fmt/format.h>

#include <optional>

#include "core/guard/restore_json.h"
#include "core/guard/stream_mask.h"
#include "core/mcp/answers.h"
#include "proxy/client_watch.h"
#include "proxy/keep_limits.h"
#include "proxy/net/chunks.h"
#include "proxy/send_upstream.h"
#include "proxy/serve_mcp.h"
#include "proxy/write_refusal.h"

namespace pg {
namespace {

/// Ends a wait when the request was withdrawn on another connection.
class CancelWatch : private Watched {
 public:
  CancelWatch(Loop& loop, const McpCancels::Entry& entry, Interruptible& wait) : loop_(loop), entry_(entry), wait_(wait) {
    loop_.watch(*this);
  }
  ~CancelWatch() override { loop_.unwatch(*this); }
  CancelWatch(const CancelWatch&) = delete;
  CancelWatch& operator=(const CancelWatch&) = delete;

 private:
  void on_tick(SteadyTime) override {
    if (entry_.is_wanted()) wait_.abort(IoEnd::canceled);
  }
  Loop& loop_;
  const McpCancels::Entry& entry_;
  Interruptible& wait_;
};

class McpRelay {
 public:
  McpRelay(Exchange& x, const McpServer& server, std::unique_ptr<McpAnswer> answer, std::string token)
      : x_(x),
        server_(server),
        answer_(std::move(answer)),
        token_(std::move(token)),
        mask_(server.credentials),
        cancel_(x.gw.mcp_cancels, cancel_key(x, x.mcp->id)) {
    if (!x.vault.empty()) index_.emplace(x.vault);
  }
  Task<void> run();

 private:
  Task<McpEvent> next(SteadyTime deadline);
  Task<void> send_event(std::string message, bool last);
  Task<void> finish(const RpcMessage& message);
  Task<void> pass_on(const RpcMessage& message, const std::string& text);
  std::string polished(std::string_view json);
  bool can_stream() const { return x_.mcp->takes_stream && x_.head.minor_version >= 1; }

  Exchange& x_;
  const McpServer& server_;
  std::unique_ptr<McpAnswer> answer_;
  std::string token_;  // the caller's for progress, raw; "" = it wants none
  StreamMask mask_;
  McpCancels::Entry cancel_;
  std::optional<TokenIndex> index_;
  RestoreCounts counts_;
  bool client_left_ = false;
};

// What came from the server, as the caller is to have it.
std::string McpRelay::polished(std::string_view json) {
  std::string text = mask_.empty() ? std::string(json) : with_plain_ascii(json);
  mask_.mask(text);
  if (!index_) return text;
  std::string restored;
  return restore_json(text, *index_, counts_, restored) ? restored : text;
}

Task<McpEvent> McpRelay::next(SteadyTime deadline) {
  const ClientWatch watch(x_, *answer_);
  const CancelWatch canceled(x_.parts.loop, cancel_, *answer_);
  McpEvent event = co_await answer_->next(deadline);
  client_left_ = client_left_ || watch.client_left();
  co_return event;
}

// `message` "" = a comment.
Task<void> McpRelay::send_event(std::string message, bool last) {
  std::string head;
  if (!x_.head_sent) {
    head = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n"
        "x-request-id: {}\r\nX-Content-Type-Options: nosniff\r\n{}\r\n",
        x_.row.id, x_.close_after ? "Connection: close\r\n" : "");
    x_.row.stream = x_.head_is_stream = x_.head_sent = true;
    x_.row.status = 200;
  }
  std::string chunk;
  append_chunk(chunk, message.empty() ? ": wait\n\n" : "event: message\ndata: " + one_line(message) + "\n\n");
  if (last) chunk += kLastChunk;
  x_.row.bytes_out += static_cast<std::int64_t>(message.size());
  const IoEnd sent = co_await x_.client.write(piece_of(head), piece_of(chunk), x_.policy->limits.stall_timeout);
  client_left_ = client_left_ || sent != IoEnd::ok;
}

Task<void> McpRelay::pass_on(const RpcMessage& message, const std::string& text) {
  if (!can_stream()) co_return;
  std::string out = text;
  if (message.method == "notifications/progress") {
    if (token_.empty()) co_return;
    const std::string_view said = message.params["progressToken"].raw();
    if (said.empty()) co_return;
    out.replace(static_cast<std::size_t>(said.data() - text.data()), said.size(), token_);
  }
  out = polished(out);
  co_await send_event(std::move(out), false);
}

Task<void> McpRelay::finish(const RpcMessage& message) {
  std::string out;
  if (message.kind == RpcKind::error) {
    x_.row.outcome = "error";
    x_.row.error = fmt::format("upstream_failed: the server answered with error {}", message.error["code"].number(0));
    const std::string error = polished(message.error.raw());
    out = fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{}}})", x_.mcp->id, error);
  } else {
    if (message.result["isError"].is_true()) {
      x_.row.outcome = "error";
      x_.row.error = "tool_error: the tool says that it failed";
    }
    std::string result(message.result.raw());
    if (x_.mcp->only == nullptr) result = with_shown_uris(result, server_.name);
    result = polished(result);
    out = write_rpc_result(x_.mcp->id, settle_result(x_, std::move(result)));
  }
  x_.row.restored = counts_.exact + counts_.lenient;
  x_.row.unknown_tokens = counts_.unknown;
  if (x_.head_sent)
    co_await send_event(std::move(out), true);
  else
    co_await write_mcp(x_, 200, std::move(out));
}

Task<void> McpRelay::run() {
  SteadyTime sign = x_.gw.clock.steady();
  for (;;) {
    const SteadyTime end = sign + server_.call_timeout, soon = x_.gw.clock.steady() + x_.policy->limits.ping_after;
    const SteadyTime deadline = can_stream() ? std::min(end, soon) : end;
    McpEvent event = co_await next(deadline);
    if (client_left_) throw Refusal(client_left_error());
    if (x_.revoked) throw Refusal(revoked_error(x_));
    if (cancel_.is_wanted()) throw Refusal(make_error(Code::conflict, "the request was withdrawn", "withdrawn"));
    if (event.kind == McpEvent::Kind::ended) throw Refusal(event.error);
    if (event.kind == McpEvent::Kind::quiet) {
      if (x_.gw.clock.steady() >= end)
        throw Refusal(make_error(Code::upstream_timeout, fmt::format("the server {} did not answer within {} s", server_.name,
                                                                     server_.call_timeout.count() / 1000)));
      std::string comment;
      if (can_stream()) co_await send_event(comment, false);
      continue;
    }
    RpcMessage message;
    if (message.read(event.text)) continue;
    sign = x_.gw.clock.steady();
    if (message.kind != RpcKind::notification) {
      co_await finish(message);
      break;
    }
    co_await pass_on(message, event.text);
  }
  if (!client_left_) co_return;
  x_.row.status = 499;
  x_.row.outcome = "canceled";
  x_.close_after = true;
}

}  // namespace

Task<void> relay_mcp(Exchange& x, std::shared_ptr<McpLive> live, McpAsk ask) {
  std::string token(x.mcp->message.params["_meta"]["progressToken"].raw());
  if (token.size() > 256) token.clear();
  ask.wants_progress = !token.empty() && x.mcp->takes_stream;
  const McpErrand errand = mcp_errand(x);
  Result<std::unique_ptr<McpAnswer>> asked = co_await live->link().ask(errand, std::move(ask));
  McpRelay relay(x, live->server(), std::move(asked).value(), std::move(token));
  co_await relay.run();
}

}  // namespace pg
