// McpPlace: a server that is asked over HTTP, with one session for all callers of a project.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/wire/sse.h"
#include "proxy/mcp_link.h"

namespace pg {

/// A request on its way, which may be given up.
class McpFlight final : public Interruptible {
 public:
  /// What is waited for from now on; nullptr = nothing that could be ended.
  void use(Stream* stream) { stream_ = stream; }
  bool is_stopped() const { return stopped_; }
  void abort(IoEnd why) override {
    stopped_ = true;
    if (stream_ != nullptr) stream_->abort(why);
  }

 private:
  Stream* stream_ = nullptr;
  bool stopped_ = false;
};

class McpPlace final : public McpLink, public std::enable_shared_from_this<McpPlace> {
 public:
  explicit McpPlace(std::shared_ptr<const McpServer> server) : server_(std::move(server)) {}

  Task<Result<std::unique_ptr<McpAnswer>>> ask(McpErrand errand, McpAsk ask) override;
  McpFacts facts() const override;
  std::uint64_t changes() const override;
  Task<void> close(McpErrand errand) override;
  bool has_ended() const override { return true; }
  void begin_stop() override {}
  void stop() override {}

  /// A reply that has begun.
  struct Reply {
    std::unique_ptr<UpstreamIo> connection;
    ReplyHead head;
    AccessTokens::Token token;  // that it was asked with; nullptr = none
  };
  const McpServer& server() const { return *server_; }
  /// Introduces itself where it must, sends the request and waits for the head of its reply.
  Task<Result<Reply>> begin(McpErrand errand, const McpAsk& ask, std::uint64_t id, McpFlight& flight);
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
    SteadyTime since;  // of the session
    std::string method, name;
    Millis patience{0};  // until the head of the reply
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
  Task<Result<Reply>> send_once(McpErrand errand, const Spoken& spoken, const char* verb, std::string body, bool fresh,
                                McpFlight* flight);
  Task<Result<Reply>> send(McpErrand errand, Spoken spoken, const char* verb, std::string body, McpFlight* flight);
  Task<Result<std::string>> ask_for_facts(McpErrand errand, const Spoken& spoken, std::string method, std::string params);
  Status check_reply(const Reply& reply) const;
  bool is_forgotten(const Spoken& now, int status, SteadyTime time) const;
  Task<Status> introduce(McpErrand errand);
  Task<Status> be_introduced(McpErrand errand);
  Task<void> send_note(McpErrand errand, std::string text);
  void forget_session(const std::string& session);

  const std::shared_ptr<const McpServer> server_;
  std::atomic<std::uint64_t> next_id_{1};
  std::atomic<std::uint32_t> replies_{0};  // and notes to the server, on their way
  mutable std::mutex mutex_;               // guards what follows; never held across a wait
  Spoken spoken_;
  McpFacts facts_;
  bool introducing_ = false;
};

/// Reads the messages of `reply` that are about the request `id`, one after the other.
class McpReplyReader {
 public:
  McpReplyReader(McpPlace& place, McpErrand errand, McpPlace::Reply reply, std::uint64_t id);
  McpReplyReader(const McpReplyReader&) = delete;
  McpReplyReader& operator=(const McpReplyReader&) = delete;

  Stream* stream() { return reply_.connection == nullptr ? nullptr : &reply_.connection->stream(); }
  /// The next one; quiet when nothing came until the deadline.
  Task<McpEvent> next(SteadyTime deadline);
  /// It was the answer: nothing follows.
  bool answered() const { return answered_; }

 private:
  Task<IoEnd> read_more();
  std::optional<McpEvent> take_event();
  std::optional<McpEvent> take_message(std::string_view text);
  std::optional<McpEvent> take_last(IoEnd end);
  void keep_connection();
  McpEvent ended(std::string_view why) const;

  McpPlace& place_;
  McpErrand errand_;
  McpPlace::Reply reply_;
  std::uint64_t id_;
  bool streams_;
  SseReader events_;
  std::string plain_, fed_, body_;
  bool has_fed_ = false;
  bool ended_ = false;
  bool answered_ = false;
};

/// Asks, and tells the answer what comes; goes on by itself.
std::unique_ptr<McpAnswer> begin_place_call(std::shared_ptr<McpPlace> place, McpErrand errand, McpAsk ask, std::uint64_t id);

/// The content type without its parameters.
std::string_view media_type_of(const ReplyHead& head);

}  // namespace pg
