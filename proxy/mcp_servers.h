// McpServers: the MCP servers that are being talked to, of all projects, with what is known of their lists. Shared by all
// threads.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/mcp/names.h"
#include "proxy/mcp_link.h"

namespace pg {

struct Policy;

using McpItems = std::shared_ptr<const std::vector<McpItem>>;

/// One server that is being talked to.
class McpLive {
 public:
  explicit McpLive(std::shared_ptr<const McpServer> server) : server_(server), link_(make_mcp_link(std::move(server))) {}

  const McpServer& server() const { return *server_; }
  McpLink& link() { return *link_; }

  /// A list as it was fetched last, when that is recent; the error of the last attempt, when that was a moment ago.
  std::optional<Result<McpItems>> recent(McpList list, SteadyTime now);
  /// The last one, however old; nullptr = there is none.
  McpItems last(McpList list);
  void put(McpList list, Result<McpItems> fetched, SteadyTime now);

 private:
  struct Kept {
    McpItems items;
    std::optional<Error> error;
    SteadyTime until;
    std::uint64_t changes = 0;  // of the link's facts, when it was fetched
  };
  std::shared_ptr<const McpServer> server_;
  std::shared_ptr<McpLink> link_;
  std::mutex mutex_;
  std::array<Kept, 4> lists_;  // by McpList
};

class McpServers {
 public:
  McpServers() = default;
  ~McpServers() { stop(); }
  McpServers(const McpServers&) = delete;
  McpServers& operator=(const McpServers&) = delete;

  std::shared_ptr<McpLive> find(const std::shared_ptr<const McpServer>& server);
  /// Ends those that no project has any more, without waiting for their end.
  void retain(const Policy& policy);
  void stop();

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<McpLive>> live_;  // by McpServer::id
  std::vector<std::shared_ptr<McpLive>> ending_;          // no loop should be the last to hold one, and wait for its end
};

/// What a server has of a kind: as it was a moment ago, or asked for anew, page by page. A server that has no such list has an
/// empty one. upstream_failed, upstream_timeout, unavailable: then the last list that was had is better than none.
Task<Result<McpItems>> fetch_list(std::shared_ptr<McpLive> live, McpErrand errand, McpList list, SteadyTime deadline);

/// The lists of several servers, asked for at the same time: in the order of `lives`, and each as good as it could be had until
/// the deadline. `wait` is told what may be aborted, and must be alive until the task is done.
class McpGather final : public Interruptible, public std::enable_shared_from_this<McpGather> {
 public:
  explicit McpGather(McpErrand errand) : errand_(errand), bell_(errand.loop.io()) {}
  void begin(std::vector<std::shared_ptr<McpLive>> lives, McpList list, SteadyTime deadline);
  Task<void> wait(SteadyTime deadline);
  void abort(IoEnd) override {
    aborted_ = true;
    bell_.cancel();
  }
  /// By server; nullptr = there is none, and `errors` says why.
  std::vector<McpItems> items;
  std::vector<std::optional<Error>> errors;

 private:
  Task<void> fetch_one(std::shared_ptr<McpLive> live, std::size_t index, McpList list, SteadyTime deadline);

  McpErrand errand_;
  Timer bell_;
  std::size_t left_ = 0;
  bool aborted_ = false;
};

}  // namespace pg
