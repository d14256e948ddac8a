// The exchange is one small POST on a connection of its own; those who come meanwhile look again every few milliseconds, each on
// its own loop.
#include "proxy/access_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "proxy/net/upstream_io.h"

namespace pg {
namespace {

constexpr Millis kEarly{300'000};        // a token is renewed this long before its end, or at half its life
constexpr Millis kTravelMargin{10'000};  // it may still have to travel
constexpr Millis kTrouble{2'000};        // a refusal is remembered, so that a wrong key does not ask for every request
constexpr Millis kDiscard{30'000};       // who is refused with new tokens too is not sold one for every call
constexpr Millis kLook{15};              // between looks at somebody else's errand
constexpr Millis kAnswerTimeout{20'000};
constexpr std::size_t kMaxTokenReply = 64u << 10;

/// Who buys a token, and how; what it refers to is its maker's.
struct TokenBuyer {
  const std::string& id;
  const Url& url;
  const ServiceAccount* account = nullptr;  // or
  const OAuthClient* client = nullptr;
  AccessTokens& tokens;
};

Result<std::string> token_request(const TokenBuyer& buyer, UnixMillis now) {
  SecretString form, field;
  if (buyer.account != nullptr) {
    PG_TRY(std::string claim, write_token_request(*buyer.account, now));
    form = SecretString(claim);
    wipe(claim.data(), claim.size());
  } else {
    form = write_oauth_form(*buyer.client, buyer.tokens.refresh_token(*buyer.client).reveal());
    field = write_oauth_field(*buyer.client);
  }
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n{}"
      "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
      buyer.url.path.empty() ? "/" : buyer.url.path, buyer.url.authority(), field.reveal(), form.size(), form.reveal());
}

Task<Result<AccessToken>> ask_for_token(const TokenBuyer& buyer, const TokenErrand& errand) {
  Result<std::string> written = token_request(buyer, errand.clock.wall());
  if (!written) co_return written.error();
  std::string request = std::move(written).value();
  UpstreamPlace place;
  place.public_only = errand.public_only;
  UpstreamIo connection(errand.loop, std::move(place));
  connection.stream().set_deadline(errand.clock.steady() + errand.connect_timeout);
  const Status opened = co_await connection.open(buyer.url, errand.ca_file, errand.tls);
  if (!opened) co_return opened.error();
  connection.stream().set_deadline(errand.clock.steady() + kAnswerTimeout);
  std::vector<iovec> pieces{{request.data(), request.size()}};
  const std::span<iovec> all(pieces);
  const UpstreamIo::Sent sent = co_await connection.send(all);
  wipe(request.data(), request.size());
  if (sent != UpstreamIo::Sent::all && sent != UpstreamIo::Sent::early_reply)
    co_return make_error(Code::upstream_failed, "the provider's token endpoint closed the connection");
  const Result<ReplyHead> head = co_await connection.read_head();
  if (!head) co_return head.error();
  std::string body;
  IoEnd end = connection.take_buffered(body);
  while ((end == IoEnd::again || end == IoEnd::ok) && body.size() <= kMaxTokenReply) end = co_await connection.read_body(body);
  Result<AccessToken> token =
      end == IoEnd::eof ? read_token_reply(head.value().status, body)
                        : Result<AccessToken>(make_error(Code::upstream_failed, "the token endpoint's reply was cut short"));
  wipe(body.data(), body.size());
  co_return token;
}

}  // namespace

AccessTokens::Turn AccessTokens::take(const std::string& account, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[account];
  Turn turn;
  if (entry.token != nullptr && now < entry.end) turn.token = entry.token;
  const bool due = turn.token == nullptr || now >= entry.refresh;
  if (!due || entry.fetching) return turn;
  if (entry.error && now < entry.retry) {
    if (turn.token == nullptr) turn.error = entry.error;
    return turn;
  }
  entry.fetching = turn.fetch = true;
  return turn;
}

bool AccessTokens::discard(const std::string& account, const Token& token, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[account];
  if (entry.token != token) return true;  // somebody else has done so
  if (now < entry.discard) return false;
  entry.discard = now + kDiscard;
  entry.token.reset();
  return true;
}

void AccessTokens::put(const std::string& account, AccessToken token, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[account];
  const auto life = std::chrono::duration_cast<Millis>(std::chrono::seconds(std::clamp<std::int64_t>(token.seconds, 1, 86'400)));
  entry.token = std::make_shared<const SecretString>(std::move(token.text));
  entry.end = now + std::max(life - kTravelMargin, life / 2);
  entry.refresh = now + std::max(life - kEarly, life / 2);
  entry.fetching = false;
  entry.error.reset();
}

void AccessTokens::fail(const std::string& account, Error error, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[account];
  entry.fetching = false;
  entry.error = std::move(error);
  entry.retry = now + kTrouble;
}

SecretString AccessTokens::refresh_token(const OAuthClient& client) {
  const std::lock_guard lock(mutex_);
  const Entry& entry = entries_[client.id];
  // Somebody may have signed in anew meanwhile: then what the client says counts again.
  const bool goes_on = !entry.rotated.empty() && entry.rotated_from.reveal() == client.refresh_token.reveal();
  return goes_on ? entry.rotated : client.refresh_token;
}

void AccessTokens::rotate(const OAuthClient& client, SecretString fresh) {
  if (fresh.empty() || client.refresh_token.empty()) return;
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[client.id];
  const SecretString& used = entry.rotated.empty() ? client.refresh_token : entry.rotated;
  if (fresh.reveal() == used.reveal()) return;
  entry.rotated_from = client.refresh_token;
  entry.rotated = fresh;
  to_seal_.emplace_back(client.sealed_as, std::move(fresh));
}

std::vector<std::pair<std::string, SecretString>> AccessTokens::take_rotated() {
  const std::lock_guard lock(mutex_);
  return std::exchange(to_seal_, {});
}

namespace {

/// However an errand ends, also when its exchange is destroyed: others must not wait for it.
class ErrandGuard {
 public:
  ErrandGuard(AccessTokens& tokens, const std::string& account, const Clock& clock)
      : tokens_(tokens), account_(account), clock_(clock) {}
  ~ErrandGuard() {
    if (open_) tokens_.fail(account_, make_error(Code::unavailable, "asking for an access token was given up"), clock_.steady());
  }
  ErrandGuard(const ErrandGuard&) = delete;
  ErrandGuard& operator=(const ErrandGuard&) = delete;
  void close() { open_ = false; }

 private:
  AccessTokens& tokens_;
  const std::string& account_;
  const Clock& clock_;
  bool open_ = true;
};

Task<Result<AccessTokens::Token>> buy_or_find(AccessTokens& tokens, TokenBuyer buyer, const TokenErrand& errand) {
  const SteadyTime give_up = errand.clock.steady() + errand.connect_timeout + kAnswerTimeout;
  for (;;) {
    const AccessTokens::Turn turn = tokens.take(buyer.id, errand.clock.steady());
    if (turn.error) co_return *turn.error;
    if (turn.token != nullptr && !turn.fetch) co_return turn.token;
    if (turn.fetch) {
      ErrandGuard guard(tokens, buyer.id, errand.clock);
      Result<AccessToken> fresh = co_await ask_for_token(buyer, errand);
      guard.close();
      if (fresh) {
        if (buyer.client != nullptr) tokens.rotate(*buyer.client, std::move(fresh.value().refresh_token));
        tokens.put(buyer.id, std::move(fresh).value(), errand.clock.steady());
      } else {
        tokens.fail(buyer.id, fresh.error(), errand.clock.steady());
        if (turn.token == nullptr) co_return fresh.error();
        co_return turn.token;  // the old one is good for a while
      }
      continue;
    }
    if (errand.clock.steady() > give_up)
      co_return make_error(Code::upstream_timeout, "the provider's token endpoint did not answer in time");
    Timer pause(errand.loop.io(), kLook);
    co_await pause.async_wait(kAwait);
  }
}

}  // namespace

Task<Result<AccessTokens::Token>> find_token(AccessTokens& tokens, const ServiceAccount& account, const TokenErrand& errand) {
  return buy_or_find(tokens, {account.id, account.token_uri, &account, nullptr, tokens}, errand);
}

Task<Result<AccessTokens::Token>> find_token(AccessTokens& tokens, const OAuthClient& client, const TokenErrand& errand) {
  return buy_or_find(tokens, {client.id, client.token_url, nullptr, &client, tokens}, errand);
}

}  // namespace pg
