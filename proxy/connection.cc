// Heads that cannot be parsed are answered once and the connection closed: what follows them cannot be trusted to be a request.
#include "proxy/connection.h"

#include "proxy/exchange.h"
#include "proxy/write_refusal.h"

namespace pg {
namespace {

constexpr std::size_t kKeptBody = 1u << 20;  // larger buffers are given back between requests

// Counts itself, so that a drain knows when the last one is done.
class Counted {
 public:
  enum Before { already };
  explicit Counted(std::atomic<std::uint32_t>& count) : count_(count) { count_.fetch_add(1, std::memory_order_relaxed); }
  Counted(std::atomic<std::uint32_t>& count, Before) : count_(count) {}
  ~Counted() { count_.fetch_sub(1, std::memory_order_release); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<std::uint32_t>& count_;
};

// In the list of idle connections while alive.
class Idle {
 public:
  Idle(LoopParts& parts, IdleList::Node& own) : idle_(parts.idle), own_(own), entry_(own.begin()) {
    idle_.enter(own_, parts.gw.clock.steady());
  }
  ~Idle() { idle_.leave(own_, entry_); }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;

 private:
  IdleList& idle_;
  IdleList::Node& own_;
  IdleList::Node::iterator entry_;
};

Error error_of(ClientIo::HeadEnd end) {
  switch (end) {
    case ClientIo::HeadEnd::timeout:
      return make_error(Code::timeout, "the request head came too slowly");
    case ClientIo::HeadEnd::too_large:
      return make_error(Code::headers_too_large, "the request head is larger than the limit");
    default:
      return make_error(Code::bad_request, "this is not HTTP/1.1; use http://, not https://, and end lines in CR LF",
                        "TLS on plain port, or HTTP/2");
  }
}

Task<void> refuse_head(LoopParts& parts, ClientIo& client, ClientIo::HeadEnd end) {
  KnownCaller nobody;
  Exchange x(parts, client, nobody);
  x.policy = parts.gw.policy();
  x.close_after = true;
  begin_row(x);
  guess_surface(client.begun_head(), x.surface);
  x.row.path = take_path(x.surface);
  Error error = error_of(end);
  co_await write_refusal(x, std::move(error));
  x.row.latency_ms = 0;
  parts.gw.journal.record(std::move(x.row));
}

}  // namespace

Task<void> serve_connection(LoopParts& parts, TcpSocket socket) {
  const Counted connection(parts.gw.connections, Counted::already);
  ClientIo client(parts.loop, std::move(socket));
  IdleList::Node own_node{{&client.stream(), {}}};
  Buffer kept_body;
  KnownCaller caller;
  bool gentle = false;
  for (;;) {
    const Limits limits = parts.gw.policy()->limits;
    ClientIo::HeadEnd end = ClientIo::HeadEnd::closed;
    {
      const Idle idle(parts, own_node);
      end = co_await client.read_head(limits);
    }
    if (end == ClientIo::HeadEnd::closed) break;
    const Counted exchange(parts.gw.exchanges);
    parts.gw.exchanges_begun.fetch_add(1, std::memory_order_relaxed);
    if (end != ClientIo::HeadEnd::complete) {
      co_await refuse_head(parts, client, end);
      gentle = true;
      break;
    }
    Exchange x(parts, client, caller);
    x.policy = parts.gw.policy();
    x.received = std::move(kept_body);
    co_await handle_exchange(x);
    kept_body = std::move(x.received);
    if (kept_body.capacity() > kKeptBody) kept_body.release();
    gentle = !client.body_is_done() || x.close_after;
    if (gentle || parts.gw.draining.load(std::memory_order_relaxed)) break;
    client.finish_exchange();
  }
  if (gentle) co_await client.close_gently();
  client.stream().close();
}

}  // namespace pg
