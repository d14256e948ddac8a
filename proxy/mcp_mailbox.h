// McpMailbox: where a caller hears of its request to an MCP server.
#pragma once

#include <atomic>
#include <cstdint>
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
  std::size_t size() const { return events_.size(); }
  /// How many of delivered messages nobody has read yet, for who delivers on another thread.
  const std::shared_ptr<std::atomic<std::uint32_t>>& unread() const { return unread_; }

 private:
  asio::io_context& io_;
  Timer bell_;
  std::deque<McpEvent> events_;
  std::shared_ptr<std::atomic<std::uint32_t>> unread_ = std::make_shared<std::atomic<std::uint32_t>>(0);
  bool aborted_ = false;
};

}  // namespace pg
