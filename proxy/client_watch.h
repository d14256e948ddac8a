// Notices, while we wait for the provider, that the client left, and ends that wait: nobody should pay for an answer nobody
// reads.
#pragma once

#include "proxy/exchange.h"
#include "proxy/net/stream.h"

namespace pg {

/// Alive only while the exchange awaits `wait`; nothing else writes to the client then.
class ClientWatch : private Watched {
 public:
  ClientWatch(Exchange& x, Interruptible& wait);
  ~ClientWatch();
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;
  bool client_left() const { return left_; }

 private:
  void on_tick(SteadyTime now) override;
  void probe();

  Exchange& x_;
  Interruptible& wait_;
  bool left_ = false;
  bool probed_ = false;
};

}  // namespace pg
