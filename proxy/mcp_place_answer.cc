// What comes back for one POST to an MCP server: a JSON text, or a stream of events that ends with the answer. It is read by a
// coroutine of its own, so that whoever waits for it can do something else meanwhile, or leave.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "core/base/text.h"
#include "proxy/mcp_mailbox.h"
#include "proxy/mcp_place.h"

namespace pg {
namespace {

constexpr std::size_t kMostInBox = 64;
constexpr Millis kAfterAll{5'000};  // the caller's patience ends first

// A refusal that could not tell whom it answers (HTTP 4xx) answers the only one there is.
bool is_answer_to(const RpcMessage& message, std::uint64_t id, bool only) {
  if (message.kind != RpcKind::result && message.kind != RpcKind::error) return false;
  return own_rpc_id(message.id) == id || (only && message.kind == RpcKind::error && message.id.empty());
}

/// One request from its sending to its answer.
class PlaceCall : public std::enable_shared_from_this<PlaceCall> {
 public:
  PlaceCall(std::shared_ptr<McpPlace> place, McpErrand errand, McpAsk ask, std::uint64_t id)
      : place_(std::move(place)),
        errand_(errand),
        ask_(std::move(ask)),
        id_(id),
        box_(std::make_shared<McpMailbox>(errand.loop.io())) {}

  Task<void> run() {
    const std::shared_ptr<PlaceCall> alive = shared_from_this();
    Result<McpPlace::Reply> begun = co_await place_->begin(errand_, ask_, id_, flight_);
    if (!begun) co_return end(begun.error());
    McpReplyReader reader(*place_, errand_, std::move(begun).value(), id_);
    while (!flight_.is_stopped()) {
      flight_.use(reader.stream());
      const SteadyTime deadline = errand_.clock.steady() + place_->server().call_timeout + kAfterAll;
      McpEvent event = co_await reader.next(deadline);
      flight_.use(nullptr);
      if (event.kind == McpEvent::Kind::quiet)
        co_return end(make_error(Code::upstream_timeout, fmt::format("the server {} fell silent", place_->server().name)));
      done_ = reader.answered() || event.kind == McpEvent::Kind::ended;
      box_->put(std::move(event));
      if (done_) co_return;
      // Whoever reads slowly makes the server wait.
      while (box_->size() > kMostInBox && !flight_.is_stopped()) {
        Timer pause(errand_.loop.io(), Millis{10});
        co_await pause.async_wait(kAwait);
      }
    }
  }
  void give_up() {
    if (done_) return;
    flight_.abort(IoEnd::canceled);
    if (std::exchange(done_, true)) return;
    place_->withdraw(errand_, id_);
  }
  McpMailbox& box() { return *box_; }
  std::uint64_t id() const { return id_; }

 private:
  void end(Error error) {
    done_ = true;
    box_->put({McpEvent::Kind::ended, {}, std::move(error)});
  }

  std::shared_ptr<McpPlace> place_;
  McpErrand errand_;
  McpAsk ask_;
  std::uint64_t id_;
  std::shared_ptr<McpMailbox> box_;
  McpFlight flight_;
  bool done_ = false;
};

class PlaceAnswer final : public McpAnswer {
 public:
  explicit PlaceAnswer(std::shared_ptr<PlaceCall> call) : call_(std::move(call)) {}
  ~PlaceAnswer() override { call_->give_up(); }
  PlaceAnswer(const PlaceAnswer&) = delete;
  PlaceAnswer& operator=(const PlaceAnswer&) = delete;

  Task<McpEvent> next(SteadyTime deadline) override { return call_->box().next(deadline); }
  void abort(IoEnd) override { call_->box().abort(); }
  std::uint64_t id() const override { return call_->id(); }

 private:
  std::shared_ptr<PlaceCall> call_;
};

}  // namespace

McpReplyReader::McpReplyReader(McpPlace& place, McpErrand errand, McpPlace::Reply reply, std::uint64_t id)
    : place_(place),
      errand_(errand),
      reply_(std::move(reply)),
      id_(id),
      streams_(equals_ignore_case(media_type_of(reply_.head), "text/event-stream")),
      events_(place_.server().max_reply) {}

Task<McpEvent> McpReplyReader::next(SteadyTime deadline) {
  reply_.connection->stream().set_deadline(deadline);
  for (;;) {
    if (auto event = take_event()) co_return std::move(*event);
    const IoEnd end = co_await read_more();
    if (end == IoEnd::timeout) co_return McpEvent{};
    if (end == IoEnd::ok || end == IoEnd::again) continue;
    if (auto event = take_last(end)) co_return std::move(*event);
    if (body_.size() > place_.server().max_reply) co_return ended("its answer is longer than max_reply");
    co_return ended(end == IoEnd::canceled ? "the wait was ended" : "its reply ended without an answer");
  }
}

Task<IoEnd> McpReplyReader::read_more() {
  plain_.clear();
  IoEnd end = reply_.connection->take_buffered(plain_);
  if (end == IoEnd::again && plain_.empty()) end = co_await reply_.connection->read_body(plain_);
  if (end == IoEnd::ok || end == IoEnd::again || end == IoEnd::eof) {
    if (streams_) {
      fed_ = plain_;
      events_.feed(fed_);
      has_fed_ = true;
    } else {
      body_ += plain_;
    }
  }
  if (body_.size() > place_.server().max_reply) co_return IoEnd::failed;
  ended_ = end == IoEnd::eof;
  const bool has_more = ended_ && streams_ && has_fed_;
  co_return has_more ? IoEnd::ok : end;
}

std::optional<McpEvent> McpReplyReader::take_event() {
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
std::optional<McpEvent> McpReplyReader::take_message(std::string_view text) {
  RpcMessage message;
  if (message.read(text)) return std::nullopt;
  if (message.kind == RpcKind::request) {
    place_.reply_to(errand_, message);
    return std::nullopt;
  }
  if (message.kind == RpcKind::notification) {
    if (message.method.ends_with("/list_changed")) place_.note_change();
    const bool is_ours = message.method == "notifications/progress" || message.method == "notifications/message";
    if (!is_ours) return std::nullopt;
  } else if (!is_answer_to(message, id_, !streams_)) {
    return std::nullopt;
  } else {
    answered_ = true;
  }
  McpEvent event{McpEvent::Kind::message, std::string(text), {}};
  if (answered_) keep_connection();
  return event;
}

std::optional<McpEvent> McpReplyReader::take_last(IoEnd end) {
  if (answered_ || end != IoEnd::eof) return std::nullopt;
  if (!streams_)
    if (auto event = take_message(body_)) return event;
  if (reply_.head.status >= 400) return ended(fmt::format("it answered with HTTP {}", reply_.head.status));
  return ended("its reply ended without an answer");
}

// Behind the answer a stream has nothing but its end, which is mostly there already.
void McpReplyReader::keep_connection() {
  if (errand_.pool == nullptr || reply_.connection == nullptr) return;
  std::string rest;
  if (!ended_ && reply_.connection->take_buffered(rest) != IoEnd::eof) return;
  if (reply_.connection->is_reusable()) errand_.pool->give_back(std::move(reply_.connection));
}

McpEvent McpReplyReader::ended(std::string_view why) const {
  return {
      McpEvent::Kind::ended, {}, make_error(Code::upstream_failed, fmt::format("the server {}: {}", place_.server().name, why))};
}

std::unique_ptr<McpAnswer> begin_place_call(std::shared_ptr<McpPlace> place, McpErrand errand, McpAsk ask, std::uint64_t id) {
  auto call = std::make_shared<PlaceCall>(std::move(place), errand, std::move(ask), id);
  asio::co_spawn(errand.loop.io(), call->run(), asio::detached);
  return std::make_unique<PlaceAnswer>(std::move(call));
}

std::string_view media_type_of(const ReplyHead& head) {
  const std::string_view type = head.find("content-type").value_or("");
  return trim(type.substr(0, type.find(';')));
}

}  // namespace pg
