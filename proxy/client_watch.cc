// A FIN alone does not say whether the client closed or only ended its side. Something harmless is written then: a peer that is
// gone answers with a reset, which the next tick sees; one that still reads ignores it.
#include "proxy/client_watch.h"

#include "proxy/keep_limits.h"

namespace pg {
namespace {

constexpr std::string_view kInterim = "HTTP/1.1 102 Processing\r\n\r\n";  // RFC 2518 §10.1; HTTP/1.1 clients pass over any 1xx
constexpr std::string_view kCommentChunk = "3\r\n:\n\n\r\n";              // an SSE comment

}  // namespace

ClientWatch::ClientWatch(Exchange& x, Interruptible& wait) : x_(x), wait_(wait) {
  x_.parts.loop.watch(*this);
}

ClientWatch::~ClientWatch() {
  x_.parts.loop.unwatch(*this);
}

void ClientWatch::on_tick(SteadyTime) {
  if (x_.gw.cutting.load(std::memory_order_relaxed)) return wait_.abort(IoEnd::canceled);
  if (is_revoked(x_)) return wait_.abort(IoEnd::canceled);
  const PeerState state = peer_state(x_.client.stream().fd());
  if (state == PeerState::gone) {
    left_ = true;
    return wait_.abort(IoEnd::canceled);
  }
  if (state == PeerState::half_closed && !probed_) probe();
}

void ClientWatch::probe() {
  std::string_view bytes;
  if (!x_.head_sent && x_.head.minor_version >= 1) bytes = kInterim;
  // The client has only whole events so far: half an event of the provider's waits in the reply path.
  if (x_.head_sent && x_.head_is_stream && x_.head.minor_version >= 1) bytes = kCommentChunk;
  if (bytes.empty()) return;
  probed_ = true;
  const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  const IoResult sent = x_.client.stream().try_write(std::span<const iovec>(&piece, 1));
  if (sent.end != IoEnd::ok && sent.end != IoEnd::again) {
    left_ = true;
    wait_.abort(IoEnd::canceled);
  }
}

}  // namespace pg
