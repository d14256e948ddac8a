// Notices, while we wait for the provider, that the client left, and ends that wait: nobody should pay for an answer nobody
// reads.
#pragma once

#include <functional>

#include "core/reply_path.h"
#include "proxy/exchange.h"
#include "proxy/net/stream.h"

namespace pg {

/// Alive only while the exchange awaits `upstream`; nothing else writes to the client then.
class ClientWatch : private Watched {
 public:
  /// `path`: the reply under way, or nullptr before its head.
  ClientWatch(Exchange& x, Stream& upstream, const ReplyPath* path);
  ~ClientWatch();
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;
  bool client_left() const { return left_; }

 private:
  void on_tick(SteadyTime now) override;
  void probe();

  Exchange& x_;
  Stream& upstream_;
  const ReplyPath* path_;
  bool left_ = false;
  bool probed_ = false;
};

}  // namespace pg
