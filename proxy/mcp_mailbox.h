// McpMailbox: where a caller hears of its request to an MCP server.
#pragma once

#include <deque>
#include <memory>

#include "proxy/mcp_link.h"

namespace pg {

/// On the caller's loop, but for `deliver`.
class McpMailbox : public std::enable_shared_from_this<McpMailbox> {
 public:
  explicit McpMailbox(asio::io_context& io) : io_(io), bell_(io) {}
  /// From any thread, while the loop is there.
  static void deliver(const std::weak_ptr<McpMailbox>& box, asio::io_context& io, McpEvent event);
  /// From the loop.
  void put(McpEvent event);
  /// What was put first; quiet when nothing was until the deadline, ended after an abort.
  Task<McpEvent> next(SteadyTime deadline);
  void abort();
  asio::io_context& io() { return io_; }

 private:
  asio::io_context& io_;
  Timer bell_;
  std::deque<McpEvent> events_;
  bool aborted_ = false;
};

}  // namespace pg
