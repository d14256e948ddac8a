// McpPlace: a server that is asked over HTTP, with one session for all callers of a project.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "proxy/mcp_link.h"

namespace pg {

class McpPlace final : public McpLink, public std::enable_shared_from_this<McpPlace> {
 public:
  explicit McpPlace(std::shared_ptr<const McpServer> server) : server_(std::move(server)) {}

  Task<Result<std::unique_ptr<McpAnswer>>> ask(McpErrand errand, McpAsk ask) override;
  McpFacts facts() const override;
  Task<void> close(McpErrand errand) override;
  void begin_stop() override {}
  void stop() override {}

  /// A reply that has begun.
  struct Reply {
    std::unique_ptr<UpstreamIo> connection;
    ReplyHead head;
    AccessTokens::Token token;  // that it was asked with; nullptr = none
  };
  const McpServer& server() const { return *server_; }
  void note_change();
  /// Tells the server that nobody waits for that answer any more; goes on by itself.
  void withdraw(McpErrand errand, std::uint64_t id);
  /// Answers what the server asks us; goes on by itself.
  void reply_to(McpErrand errand, const RpcMessage& request);

 private:
  /// What was agreed with the server, and what one request says in its head.
  struct Spoken {
    McpEra era = McpEra::sessions;
    std::string revision, session;
    std::string method, name;
  };
  /// However an introduction ends: others must not wait for it.
  class IntroductionEnd {
   public:
    explicit IntroductionEnd(McpPlace& place) : place_(place) {}
    ~IntroductionEnd() {
      const std::lock_guard lock(place_.mutex_);
      place_.introducing_ = false;
    }
    IntroductionEnd(const IntroductionEnd&) = delete;
    IntroductionEnd& operator=(const IntroductionEnd&) = delete;

   private:
    McpPlace& place_;
  };

  Spoken spoken() const;
  std::string write_head(const Spoken& spoken, const char* verb, const AccessTokens::Token& token) const;
  Task<Result<Reply>> send_once(McpErrand errand, const Spoken& spoken, const char* verb, std::string body, bool fresh);
  Task<Result<Reply>> send(McpErrand errand, Spoken spoken, const char* verb, std::string body);
  Task<Result<std::string>> ask_for_facts(McpErrand errand, const Spoken& spoken, std::string method, std::string params);
  Status check_reply(const Reply& reply) const;
  Task<Status> introduce(McpErrand errand);
  Task<Status> be_introduced(McpErrand errand);
  Task<void> send_note(McpErrand errand, std::string text);
  void forget_session(const std::string& session);

  const std::shared_ptr<const McpServer> server_;
  std::atomic<std::uint64_t> next_id_{1};
  mutable std::mutex mutex_;  // guards what follows; never held across a wait
  Spoken spoken_;
  McpFacts facts_;
  bool introducing_ = false;
};

/// The answer to the POST that `reply` belongs to.
std::unique_ptr<McpAnswer> make_place_answer(std::shared_ptr<McpPlace> place, McpErrand errand, McpPlace::Reply reply,
                                             std::uint64_t id);

/// The content type without its parameters.
std::string_view media_type_of(const ReplyHead& head);

}  // namespace pg
