// Listening sockets, one per loop, on the same port; and the threads that run the loops.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "proxy/gateway.h"

namespace pg {

class Server {
 public:
  /// Binds; conflict when the port is in use. Serves from run() on.
  static Result<std::unique_ptr<Server>> listen(Gateway& gateway, int threads);
  ~Server();

  void run();
  /// Takes no more connections and closes the idle ones.
  void stop_listening();
  /// Has every loop forget the guards' verdicts and give freed memory back to the system; for when nothing has been under way for
  /// a while. Conversations are read once more after it.
  void give_back_memory();
  /// Ends the loops and joins their threads.
  void stop();

 private:
  struct Worker;
  explicit Server(Gateway& gateway);
  Gateway& gateway_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace pg
