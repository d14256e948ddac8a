// A timer that is set to the deadline is what the caller sleeps on.
#include "proxy/mcp_mailbox.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace pg {

void McpMailbox::deliver(const std::weak_ptr<McpMailbox>& box, asio::io_context& io, McpEvent event) {
  asio::post(io, [box, event = std::move(event)]() mutable {
    const std::shared_ptr<McpMailbox> there = box.lock();
    if (there == nullptr) return;
    there->put(std::move(event));
  });
}

void McpMailbox::put(McpEvent event) {
  events_.push_back(std::move(event));
  unread_->store(static_cast<std::uint32_t>(events_.size()), std::memory_order_relaxed);
  bell_.cancel();
}

Task<McpEvent> McpMailbox::next(SteadyTime deadline) {
  while (events_.empty() && !aborted_) {
    bell_.expires_at(deadline);
    const auto rung = co_await bell_.async_wait(kAwait);
    if (!std::get<0>(rung) && events_.empty()) co_return McpEvent{};
  }
  if (events_.empty()) co_return McpEvent{McpEvent::Kind::ended, {}, make_error(Code::unavailable, "the wait was ended")};
  McpEvent event = std::move(events_.front());
  events_.pop_front();
  unread_->store(static_cast<std::uint32_t>(events_.size()), std::memory_order_relaxed);
  co_return event;
}

void McpMailbox::abort() {
  aborted_ = true;
  bell_.cancel();
}

}  // namespace pg
