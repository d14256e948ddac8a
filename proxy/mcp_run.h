// One MCP request while it is served: what it says, in which era, and whom it is for.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/mcp/revision.h"
#include "core/mcp/rpc.h"
#include "core/mcp/server.h"

namespace pg {

/// Requests that may be withdrawn from another connection (notifications/cancelled). Shared by all threads.
class McpCancels {
 public:
  /// One request that may be; until it is destroyed.
  class Entry {
   public:
    Entry(McpCancels& all, std::string key);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    bool is_wanted() const { return wanted_.load(std::memory_order_relaxed); }

   private:
    friend class McpCancels;
    McpCancels& all_;
    std::multimap<std::string, Entry*>::iterator at_;
    std::atomic<bool> wanted_{false};
  };
  void cancel(const std::string& key);

 private:
  std::mutex mutex_;
  std::multimap<std::string, Entry*> entries_;
};

struct McpRun {
  std::string text;    // the body, and
  RpcMessage message;  // what it says
  McpEra era = McpEra::sessions;
  std::string_view id;              // raw; "" = null
  const McpServer* only = nullptr;  // asked at the address of that server: names are its own
  bool is_read = false;             // from here on errors are JSON-RPC's
  bool takes_stream = false;
  bool takes_json = true;

  std::string safe;         // the body after the guards, and
  RpcMessage safe_message;  // what it says
};

}  // namespace pg
