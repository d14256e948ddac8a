// McpProgram: a server that pg runs. One thread of its own starts the program, speaks to it and ends it; callers on other threads
// leave what they want in a queue, and hear of it on their loop.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "proxy/mcp_link.h"
#include "proxy/mcp_mailbox.h"
#include "proxy/net/child.h"

namespace pg {

class McpProgram final : public McpLink, public std::enable_shared_from_this<McpProgram> {
 public:
  explicit McpProgram(std::shared_ptr<const McpServer> server) : server_(std::move(server)) {}
  ~McpProgram() override { stop(); }

  Task<Result<std::unique_ptr<McpAnswer>>> ask(McpErrand errand, McpAsk ask) override;
  McpFacts facts() const override;
  std::uint64_t changes() const override;
  Task<void> close(McpErrand errand) override;
  bool has_ended() const override { return ended_thread_.load(std::memory_order_acquire); }
  void begin_stop() override;
  void stop() override;

  /// Nobody waits for that answer any more.
  void withdraw(std::uint64_t id);

 private:
  struct Waiting {
    std::weak_ptr<McpMailbox> box;
    asio::io_context* io = nullptr;
    bool sent = false;
    std::shared_ptr<std::atomic<std::uint32_t>> unread;  // messages in the box
  };
  struct Asked {
    std::uint64_t id = 0;
    McpAsk ask;
  };

  // On the thread.
  void live();
  void run_once();
  bool introduce();
  void talk(SteadyTime deadline, bool introducing);
  void write_some();
  bool read_some();
  void read_errors();
  void take_line(std::string_view line);
  void take_request(const RpcMessage& message);
  void take_introduction(const RpcMessage& message);
  void hear_the_rest();
  void send_asked();
  void say_goodbye();
  void end_child();
  void fail_all(const Error& error);
  void note_line(std::string_view line);
  void say(std::string message);
  bool is_idle(SteadyTime now);
  bool is_deaf(SteadyTime now);
  Error end_error(const std::string& how) const;
  Error gone_error() const;
  bool is_stopping() const;
  void wake();

  const std::shared_ptr<const McpServer> server_;
  std::atomic<bool> ended_thread_{false};

  mutable std::mutex mutex_;  // guards all up to the next comment
  std::condition_variable changed_;
  std::thread thread_;
  bool stopping_ = false;
  std::deque<Asked> asked_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::vector<std::uint64_t> withdrawn_;
  std::uint64_t next_id_ = 1;
  McpFacts facts_;
  std::deque<std::string> last_words_;
  int bell_ = -1;  // eventfd

  // The thread's own.
  ChildProcess child_;
  std::string incoming_, errors_, outgoing_;
  std::size_t taken_bytes_ = 0;  // of outgoing_
  enum class Introduction : std::uint8_t { none, asked_session, asked_discover, done, failed };
  Introduction introduction_ = Introduction::none;
  std::string introduction_fault_;
  McpEra era_ = McpEra::sessions;
  std::optional<std::string> ended_;  // how the program did
  SteadyTime last_used_, retry_at_;
  SteadyTime taken_;  // when the program last took something from its stdin, or there was nothing to take
  std::uint32_t failures_ = 0;
  std::uint32_t junk_lines_ = 0;
};

}  // namespace pg
