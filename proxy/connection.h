// One client connection from its first head to its last.
#pragma once

#include "proxy/gateway.h"
#include "proxy/net/stream.h"

namespace pg {

/// Serves requests one after another until the client leaves, asks to close, idles too long, or pg stops. Whoever accepted the
/// connection has counted it in the gateway's `connections`; this takes it out again.
Task<void> serve_connection(LoopParts& parts, TcpSocket socket);

}  // namespace pg
