// What comes back for one POST to an MCP server: a JSON text, or a stream of events that ends with the answer.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/base/text.h"
#include "core/wire/sse.h"
#include "proxy/mcp_place.h"

namespace pg {
namespace {

bool is_answer_to(const RpcMessage& message, std::uint64_t id) {
  return (message.kind == RpcKind::result || message.kind == RpcKind::error) && own_rpc_id(message.id) == id;
}

/// The answer to one POST.
class PlaceAnswer final : public McpAnswer {
 public:
  PlaceAnswer(std::shared_ptr<McpPlace> place, McpErrand errand, McpPlace::Reply reply, std::uint64_t id)
      : place_(std::move(place)),
        errand_(errand),
        reply_(std::move(reply)),
        id_(id),
        streams_(equals_ignore_case(media_type_of(reply_.head), "text/event-stream")),
        events_(place_->server().max_reply) {}
  ~PlaceAnswer() override {
    if (answered_) return;
    reply_.connection.reset();
    place_->withdraw(errand_, id_);
  }
  PlaceAnswer(const PlaceAnswer&) = delete;
  PlaceAnswer& operator=(const PlaceAnswer&) = delete;

  Task<McpEvent> next(SteadyTime deadline) override {
    reply_.connection->stream().set_deadline(deadline);
    for (;;) {
      if (auto event = take_event()) co_return std::move(*event);
      const IoEnd end = co_await read_more();
      if (end == IoEnd::timeout) co_return McpEvent{};
      if (end == IoEnd::ok || end == IoEnd::again) continue;
      if (auto event = take_last(end)) co_return std::move(*event);
      co_return ended(end == IoEnd::canceled ? "the wait was ended" : "its reply ended without an answer");
    }
  }
  void abort(IoEnd why) override { reply_.connection->stream().abort(why); }
  std::uint64_t id() const override { return id_; }

 private:
  Task<IoEnd> read_more() {
    plain_.clear();
    IoEnd end = reply_.connection->take_buffered(plain_);
    if (end == IoEnd::again && plain_.empty()) end = co_await reply_.connection->read_body(plain_);
    if (end == IoEnd::ok || end == IoEnd::again || end == IoEnd::eof) {
      if (!streams_) body_ += plain_;
      if (streams_) fed_ = plain_, events_.feed(fed_), has_fed_ = true;
    }
    if (body_.size() > place_->server().max_reply) co_return IoEnd::failed;
    ended_ = end == IoEnd::eof;
    co_return ended_&& streams_&& has_fed_ ? IoEnd::ok : end;
  }

  std::optional<McpEvent> take_event() {
    while (streams_ && has_fed_) {
      SseEvent event;
      const Result<bool> got = events_.next(event);
      if (!got) return ended("a message is longer than max_reply");
      if (!got.value()) {
        has_fed_ = false;
        break;
      }
      if (event.data_lines == 0 || event.data.empty()) continue;
      if (auto message = take_message(event.data)) return message;
    }
    if (ended_ && streams_) return take_last(IoEnd::eof);
    return std::nullopt;
  }

  // A message, when it is for the caller.
  std::optional<McpEvent> take_message(std::string_view text) {
    RpcMessage message;
    if (message.read(text)) return std::nullopt;
    if (message.kind == RpcKind::request) {
      place_->reply_to(errand_, message);
      return std::nullopt;
    }
    if (message.kind == RpcKind::notification) {
      if (message.method.ends_with("/list_changed")) place_->note_change();
      const bool is_ours = message.method == "notifications/progress" || message.method == "notifications/message";
      if (!is_ours) return std::nullopt;
    } else if (!is_answer_to(message, id_)) {
      return std::nullopt;
    } else {
      answered_ = true;
    }
    return McpEvent{McpEvent::Kind::message, std::string(text), {}};
  }

  std::optional<McpEvent> take_last(IoEnd end) {
    if (answered_ || end != IoEnd::eof) return std::nullopt;
    if (!streams_) {
      auto event = take_message(body_);
      if (event && errand_.pool != nullptr && reply_.connection->is_reusable())
        errand_.pool->give_back(std::exchange(reply_.connection, nullptr));
      if (event) return event;
    }
    return ended("its reply ended without an answer");
  }

  McpEvent ended(std::string_view why) {
    return {McpEvent::Kind::ended,
            {},
            make_error(Code::upstream_failed, fmt::format("the server {}: {}", place_->server().name, why))};
  }

  std::shared_ptr<McpPlace> place_;
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

}  // namespace

std::unique_ptr<McpAnswer> make_place_answer(std::shared_ptr<McpPlace> place, McpErrand errand, McpPlace::Reply reply,
                                             std::uint64_t id) {
  return std::make_unique<PlaceAnswer>(std::move(place), errand, std::move(reply), id);
}

std::string_view media_type_of(const ReplyHead& head) {
  const std::string_view type = head.find("content-type").value_or("");
  return trim(type.substr(0, type.find(';')));
}

}  // namespace pg
