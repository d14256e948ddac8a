// A server that is asked over HTTP (Streamable HTTP): one POST for each request, whose reply is the answer or a stream that ends
// with it. Its session is shared by all callers of a project; every request has an id of our own.
#include "proxy/mcp_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/base/encode.h"
#include "core/policy.h"
#include "core/route/service.h"
#include "core/store/log_store.h"
#include "proxy/service_credential.h"

namespace pg {
namespace {

constexpr Millis kLookAgain{15};  // at somebody else's introduction
constexpr Millis kYoungSession{10'000};

// Those who connect speak of providers. What the server says may quote its credential.
Error in_place_words(const McpServer& server, const Error& error) {
  constexpr std::string_view kTheirs = "the provider ";
  const bool theirs = error.message.starts_with(kTheirs);
  std::string message = theirs ? fmt::format("the server {} {}", server.name, error.message.substr(kTheirs.size()))
                               : fmt::format("the server {}: {}", server.name, error.message);
  StreamMask(server.credentials).mask(message);
  return make_error(error.code, std::move(message), error.detail);
}

// What a server has read may have been done.
bool may_come_twice(std::string_view method) {
  return method != "tools/call";
}

/// One more note on its way, until this is gone.
class NoteCount {
 public:
  explicit NoteCount(std::atomic<std::uint32_t>& count) : count_(count) { count_.fetch_add(1, std::memory_order_relaxed); }
  ~NoteCount() { count_.fetch_sub(1, std::memory_order_relaxed); }
  NoteCount(const NoteCount&) = delete;
  NoteCount& operator=(const NoteCount&) = delete;

 private:
  std::atomic<std::uint32_t>& count_;
};

/// What a flight waits for is gone when this is.
class FlightEnd {
 public:
  explicit FlightEnd(McpFlight* flight) : flight_(flight) {}
  ~FlightEnd() {
    if (flight_ != nullptr) flight_->use(nullptr);
  }
  FlightEnd(const FlightEnd&) = delete;
  FlightEnd& operator=(const FlightEnd&) = delete;

 private:
  McpFlight* flight_;
};

}  // namespace

std::string McpPlace::write_head(const Spoken& spoken, const char* verb, const AccessTokens::Token& token) const {
  const Provider& place = *server_->service->provider;
  const Url& url = place.outlets.front().base;
  const SecretString credential =
      service_credential(*server_->service, token == nullptr ? place.credential.reveal() : token->reveal());
  std::string head = fmt::format("{} {}", verb, url.path.empty() ? "/" : url.path);
  append_service_query(head, *server_->service, url.query.empty() ? "" : "?" + url.query, credential.reveal());
  head += " HTTP/1.1\r\nHost: ";
  url.append_authority(head);
  head +=
      "\r\nUser-Agent: promptgate/" PG_VERSION "\r\nAccept: application/json, text/event-stream\r\nAccept-Encoding: identity\r\n";
  if (!spoken.revision.empty()) append_field(head, "MCP-Protocol-Version", spoken.revision);
  if (!spoken.session.empty()) append_field(head, "Mcp-Session-Id", spoken.session);
  if (spoken.era == McpEra::stateless && !spoken.method.empty()) append_field(head, "Mcp-Method", spoken.method);
  if (spoken.era == McpEra::stateless && !spoken.name.empty()) append_field(head, "Mcp-Name", write_mcp_header(spoken.name));
  append_service_credential(head, *server_->service, credential.reveal());
  for (const auto& [name, value] : place.headers) append_field(head, name, value);
  return head;
}

Task<Result<McpPlace::Reply>> McpPlace::send_once(McpErrand errand, const Spoken& spoken, const char* verb, std::string body,
                                                  bool fresh, McpFlight* flight) {
  const Provider& place = *server_->service->provider;
  const Url& url = place.outlets.front().base;
  AccessTokens::Token token;
  if (server_->service->oauth != nullptr) {
    const TokenErrand buying{errand.loop, errand.tls, errand.clock, place.ca_file, place.connect_timeout, place.public_only};
    const OAuthClient& client = *server_->service->oauth;
    Result<AccessTokens::Token> bought = co_await find_token(errand.tokens, client, buying);
    if (!bought) co_return bought.error();
    token = std::move(bought).value();
  }
  Reply reply;
  const FlightEnd end(flight);
  reply.token = token;
  if (errand.pool != nullptr && !fresh) reply.connection = errand.pool->take(url, place.ca_file, place.public_only);
  if (reply.connection == nullptr) {
    reply.connection = std::make_unique<UpstreamIo>(errand.loop, UpstreamPlace::of(url, place.ca_file, place.public_only));
    reply.connection->stream().set_deadline(errand.clock.steady() + place.connect_timeout);
    if (flight != nullptr) flight->use(&reply.connection->stream());
    const Status opened = co_await reply.connection->open(url, place.ca_file, errand.tls);
    if (!opened) co_return opened.error();
  }
  std::string head = write_head(spoken, verb, token);
  if (!body.empty()) head += "Content-Type: application/json\r\n";
  append_field(head, "Content-Length", body.size());
  head += kLineEnd;
  if (flight != nullptr) flight->use(&reply.connection->stream());
  reply.connection->stream().set_deadline(errand.clock.steady() + spoken.patience);
  if (flight != nullptr && flight->is_stopped()) co_return make_error(Code::unavailable, "the wait was ended");
  std::vector<iovec> pieces{piece_of(head), piece_of(body)};
  if (body.empty()) pieces.pop_back();
  const std::span<iovec> all(pieces);
  const UpstreamIo::Sent sent = co_await reply.connection->send(all);
  wipe(head.data(), head.size());
  const bool was_kept = reply.connection->was_reused();
  if (sent == UpstreamIo::Sent::all || sent == UpstreamIo::Sent::early_reply) {
    Result<ReplyHead> answered = co_await reply.connection->read_head();
    if (answered) {
      reply.head = std::move(answered).value();
      co_return reply;
    }
    const bool stopped = flight != nullptr && flight->is_stopped();
    const bool dead = was_kept && answered.error().code != Code::upstream_timeout && !reply.connection->got_any_byte();
    if (!dead || stopped || !may_come_twice(spoken.method)) co_return answered.error();
  } else if (!was_kept) {
    co_return make_error(Code::upstream_failed, "the connection was closed while the request was sent");
  }
  if (sent == UpstreamIo::Sent::timeout) co_return make_error(Code::upstream_timeout, "it did not take the request in time");
  // A kept connection was dead.
  Result<Reply> again = co_await send_once(errand, spoken, verb, std::move(body), true, flight);
  co_return again;
}

// A token may be withdrawn before its end.
Task<Result<McpPlace::Reply>> McpPlace::send(McpErrand errand, Spoken spoken, const char* verb, std::string body,
                                             McpFlight* flight) {
  Result<Reply> first = co_await send_once(errand, spoken, verb, body, false, flight);
  const bool refused = first && first.value().token != nullptr && first.value().head.status == 401;
  if (!refused || !errand.tokens.discard(server_->service->oauth->id, first.value().token, errand.clock.steady()))
    co_return first;
  Result<Reply> second = co_await send_once(errand, spoken, verb, std::move(body), false, flight);
  co_return second;
}

McpPlace::Spoken McpPlace::spoken() const {
  const std::lock_guard lock(mutex_);
  return spoken_;
}

Task<Result<std::string>> McpPlace::ask_for_facts(McpErrand errand, const Spoken& spoken, std::string method,
                                                  std::string params) {
  Spoken now = spoken;
  now.method = method;
  now.patience = server_->start_timeout;
  std::string request = write_rpc_request(0, method, params);
  Result<Reply> sent = co_await send(errand, now, "POST", std::move(request), nullptr);
  if (!sent) co_return sent.error();
  if (Status usable = check_reply(sent.value()); !usable) co_return usable.error();
  const auto session = sent.value().head.find("mcp-session-id");
  if (session && session->size() <= 512) {
    const std::lock_guard lock(mutex_);
    spoken_.session = std::string(*session);
  }
  McpReplyReader answer(*this, errand, std::move(sent).value(), 0);
  const SteadyTime deadline = errand.clock.steady() + server_->start_timeout;
  for (;;) {
    McpEvent event = co_await answer.next(deadline);
    if (event.kind == McpEvent::Kind::quiet) co_return make_error(Code::upstream_timeout, "it did not introduce itself in time");
    if (event.kind == McpEvent::Kind::ended) co_return event.error;
    RpcMessage message;
    if (message.read(event.text) || message.kind == RpcKind::notification) continue;
    if (message.kind == RpcKind::error) {
      std::string said = message.error["message"].text();
      StreamMask(server_->credentials).mask(said);  // before it is cut
      co_return make_error(Code::upstream_failed, "it refused to introduce itself: " + std::string(clip_log_text(said, 200)),
                           "refused");
    }
    co_return std::string(message.result.raw());
  }
}

// A status that is no answer. What stands in such a reply is not passed on: it may be a page of anything.
Status McpPlace::check_reply(const Reply& reply) const {
  const int status = reply.head.status;
  const std::string_view type = media_type_of(reply.head);
  const bool is_rpc = equals_ignore_case(type, "application/json") || equals_ignore_case(type, "text/event-stream");
  if (status == 401 || status == 403)
    return make_error(Code::upstream_failed, fmt::format("it refused pg's credential (HTTP {})", status), "refused");
  if (status == 200 && is_rpc) return {};
  if (status == 200) return make_error(Code::upstream_failed, "it answered with something that is no MCP", "refused");
  if (status >= 400 && status < 500 && equals_ignore_case(type, "application/json")) return {};  // a JSON-RPC error, mostly
  return make_error(Code::upstream_failed, fmt::format("it answered with HTTP {}", status), "refused");
}

Task<Status> McpPlace::introduce(McpErrand errand) {
  Spoken fresh;
  const std::string initialize = write_initialize_params(), discover = write_discover_params();
  Result<std::string> facts = co_await ask_for_facts(errand, fresh, "initialize", initialize);
  fresh.session = spoken().session;
  if (!facts && facts.error().detail == "refused") {
    fresh.era = McpEra::stateless;
    fresh.revision = kStatelessRevision;
    fresh.session.clear();
    Result<std::string> other = co_await ask_for_facts(errand, fresh, "server/discover", discover);
    if (!other) co_return facts.error();  // the first refusal says more of an ordinary server
    facts = std::move(other);
  }
  if (!facts) co_return facts.error();
  JsonDoc doc;
  if (!doc.parse(facts.value())) co_return make_error(Code::upstream_failed, "it introduced itself with nonsense");
  const JsonView said = doc.root();
  const bool stateless = fresh.era == McpEra::stateless;
  if (!stateless) fresh.revision = said["protocolVersion"].text();
  if (fresh.revision.size() > 32 || !std::all_of(fresh.revision.begin(), fresh.revision.end(), [](char c) { return c > ' '; }))
    co_return make_error(Code::upstream_failed, "it speaks no revision of MCP");
  const JsonView info = stateless ? said["_meta"]["io.modelcontextprotocol/serverInfo"] : said["serverInfo"];
  {
    const std::lock_guard lock(mutex_);
    spoken_ = fresh;
    spoken_.since = errand.clock.steady();
    spoken_.patience = server_->call_timeout;
    facts_ = {fresh.revision, info["name"].text(), info["version"].text(), said["instructions"].text(), {}, facts_.changes + 1};
  }
  if (!stateless) {
    Spoken now = spoken();
    std::string note = write_rpc_notification("notifications/initialized", "{}");
    co_await send(errand, now, "POST", std::move(note), nullptr);
  }
  co_return Status{};
}

Task<Status> McpPlace::be_introduced(McpErrand errand) {
  const SteadyTime give_up = errand.clock.steady() + server_->start_timeout * 2;
  for (;;) {
    bool is_mine = false;
    {
      const std::lock_guard lock(mutex_);
      if (!spoken_.revision.empty()) co_return Status{};
      is_mine = !std::exchange(introducing_, true);
    }
    if (is_mine) {
      const IntroductionEnd end(*this);
      Status done = co_await introduce(errand);
      co_return done;
    }
    if (errand.clock.steady() > give_up) co_return make_error(Code::upstream_timeout, "it did not introduce itself in time");
    Timer pause(errand.loop.io(), kLookAgain);
    co_await pause.async_wait(kAwait);
  }
}

Task<Result<std::unique_ptr<McpAnswer>>> McpPlace::ask(McpErrand errand, McpAsk ask) {
  if (!server_->problem.empty())
    co_return make_error(Code::unavailable, fmt::format("the server {} cannot be asked: {}", server_->name, server_->problem));
  const std::uint64_t id = next_id_.fetch_add(1, std::memory_order_relaxed);
  co_return begin_place_call(shared_from_this(), errand, std::move(ask), id);
}

// Servers should say 404 for a session that they do not know any more; many say 400.
bool McpPlace::is_forgotten(const Spoken& now, int status, SteadyTime time) const {
  return !now.session.empty() && (status == 404 || (status == 400 && time - now.since > kYoungSession));
}

Task<Result<McpPlace::Reply>> McpPlace::begin(McpErrand errand, const McpAsk& ask, std::uint64_t id, McpFlight& flight) {
  for (int tries = 0;; ++tries) {
    const Status introduced = co_await be_introduced(errand);
    if (!introduced) co_return in_place_words(*server_, introduced.error());
    Spoken now = spoken();
    now.method = ask.method;
    now.name = ask.name;
    std::string request = write_rpc_request(id, ask.method, write_mcp_params(ask, now.era, id));
    Result<Reply> sent = co_await send(errand, now, "POST", std::move(request), &flight);
    if (!sent) co_return in_place_words(*server_, sent.error());
    const int status = sent.value().head.status;
    if (tries == 0 && is_forgotten(now, status, errand.clock.steady())) {
      forget_session(now.session);
      // A 400 may also be said of a tool that has run: then the next call has the new session.
      if (status == 404 || may_come_twice(ask.method)) continue;
    }
    if (const Status usable = check_reply(sent.value()); !usable) co_return in_place_words(*server_, usable.error());
    co_return sent;
  }
}

void McpPlace::forget_session(const std::string& session) {
  const std::lock_guard lock(mutex_);
  if (spoken_.session == session) spoken_ = Spoken();
}

McpFacts McpPlace::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

std::uint64_t McpPlace::changes() const {
  const std::lock_guard lock(mutex_);
  return facts_.changes;
}

void McpPlace::note_change() {
  const std::lock_guard lock(mutex_);
  ++facts_.changes;
}

Task<void> McpPlace::send_note(McpErrand errand, std::string text) {
  const std::shared_ptr<McpPlace> alive = shared_from_this();
  const NoteCount counted(replies_);
  Spoken now = spoken();
  co_await send(errand, now, "POST", std::move(text), nullptr);
}

void McpPlace::withdraw(McpErrand errand, std::uint64_t id) {
  // Of 2026-07-28 the end of the connection is the sign. At the end of pg nothing is begun any more.
  if (errand.loop.io().stopped() || spoken().era == McpEra::stateless || spoken().revision.empty()) return;
  std::string note =
      write_rpc_notification("notifications/cancelled", fmt::format(R"({{"requestId":{},"reason":"the caller left"}})", id));
  asio::co_spawn(errand.loop.io(), send_note(errand, std::move(note)), asio::detached);
}

void McpPlace::reply_to(McpErrand errand, const RpcMessage& request) {
  constexpr std::uint32_t kMostReplies = 8;  // each is a request of its own
  if (replies_.load(std::memory_order_relaxed) >= kMostReplies) return;
  std::string text = request.method == "ping" ? write_rpc_result(request.id, "{}")
                                              : write_rpc_error(request.id, {kRpcNoMethod, "not offered by this client", {}});
  asio::co_spawn(errand.loop.io(), send_note(errand, std::move(text)), asio::detached);
}

Task<void> McpPlace::close(McpErrand errand) {
  Spoken now = spoken();
  if (now.session.empty()) co_return;
  std::string nothing;
  co_await send(errand, now, "DELETE", std::move(nothing), nullptr);
}

std::shared_ptr<McpLink> make_place_link(std::shared_ptr<const McpServer> server) {
  return std::make_shared<McpPlace>(std::move(server));
}

}  // namespace pg
