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
  const Millis patience = x.to.provider->idle_timeout;
  SteadyTime heard = x.gw.clock.steady();
  const SteadyTime ping_at = heard + x.policy->limits.ping_after;
  std::size_t seen = 0;
  IoEnd end = upstream.connection->take_buffered(upstream.read_ahead);
  for (;;) {
    const std::string_view fresh = std::string_view(upstream.read_ahead).substr(seen);
    const FirstEvent::Says says = fresh.empty() ? FirstEvent::Says::nothing : first.push(fresh);
    if (!fresh.empty()) heard = x.gw.clock.steady();
    upstream.heard = heard;
    seen = upstream.read_ahead.size();
    if (says != FirstEvent::Says::nothing) co_return Peeked{first.status(), false, false};
    if (end == IoEnd::timeout) co_return Peeked{0, false, false, x.gw.clock.steady() >= heard + patience};
    // A last event without its blank line is one all the same.
    const bool may_say_more = end == IoEnd::eof && upstream.read_ahead.find("data:") != std::string::npos;
    if (end != IoEnd::ok && end != IoEnd::again) co_return Peeked{0, !may_say_more, false};
    upstream.connection->stream().set_deadline(std::min(heard + patience, ping_at));
    const ClientWatch watch(x, upstream.connection->stream());
    end = co_await upstream.connection->read_body(upstream.read_ahead);
    if (watch.client_left()) co_return Peeked{0, false, true};
  }
}

}  // namespace pg
