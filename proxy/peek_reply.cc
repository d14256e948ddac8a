// The first event ends the look, a ping as well as an answer; a comment does not. Nobody waits longer than until a ping is due.
#include "proxy/peek_reply.h"

#include <algorithm>

#include "core/wire/first_event.h"
#include "proxy/client_watch.h"
#include "proxy/reply_head.h"

namespace pg {

bool can_peek(const Upstream& upstream) {
  return upstream.connection && upstream.head.status == 200 && is_event_stream(upstream) &&
         !upstream.head.find("content-encoding");
}

Task<Peeked> peek_reply(Exchange& x, Upstream& upstream) {
  FirstEvent first(wire_of(x.to.outlet->dialect));
  const SteadyTime until = x.gw.clock.steady() + std::min(x.to.provider->idle_timeout, x.policy->limits.ping_after);
  std::size_t seen = 0;
  IoEnd end = upstream.connection->take_buffered(upstream.read_ahead);
  for (;;) {
    const std::string_view fresh = std::string_view(upstream.read_ahead).substr(seen);
    const FirstEvent::Says says = fresh.empty() ? FirstEvent::Says::nothing : first.push(fresh);
    seen = upstream.read_ahead.size();
    if (says != FirstEvent::Says::nothing) co_return Peeked{first.status(), false, false};
    if (end != IoEnd::ok && end != IoEnd::again) co_return Peeked{0, end != IoEnd::eof && end != IoEnd::timeout, false};
    upstream.connection->stream().set_deadline(until);
    const ClientWatch watch(x, upstream.connection->stream());
    end = co_await upstream.connection->read_body(upstream.read_ahead);
    if (watch.client_left()) co_return Peeked{0, false, true};
  }
}

}  // namespace pg
