// Access tokens bought with service accounts and OAuth clients: kept until shortly before they end, and asked for by one exchange
// at a time. Shared by all threads, locked inside; nobody waits with the lock held.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret_string.h"
#include "core/base/service_account.h"
#include "core/route/service.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls.h"

namespace pg {

class AccessTokens {
 public:
  using Token = std::shared_ptr<const SecretString>;

  /// What a caller has to do about a token.
  struct Turn {
    Token token;                 // usable now; with fetch, a new one is due all the same
    bool fetch = false;          // it is yours to ask for a new one; tell put() or fail() how that went
    std::optional<Error> error;  // the last attempt failed a moment ago
  };                             // none of the three: somebody else is asking, look again shortly
  Turn take(const std::string& account, SteadyTime now);
  void put(const std::string& account, AccessToken token, SteadyTime now);
  void fail(const std::string& account, Error error, SteadyTime now);
  /// Forgets a token that the provider refused before its end; true when a new one is worth a try, which it is not a moment after
  /// the last time.
  bool discard(const std::string& account, const Token& token, SteadyTime now);

  /// The refresh token to use: the client's own, or the one that its server put in its place.
  SecretString refresh_token(const OAuthClient& client);
  /// The server put another in its place: from here on it is used, and it waits to be sealed.
  void rotate(const OAuthClient& client, SecretString fresh);
  /// What waits to be sealed, by name; whoever takes it does so.
  std::vector<std::pair<std::string, SecretString>> take_rotated();

 private:
  struct Entry {
    Token token;
    SteadyTime refresh, end;  // of the token
    bool fetching = false;
    std::optional<Error> error;
    SteadyTime retry;    // not before
    SteadyTime discard;  // not before
    SecretString rotated, rotated_from;
  };

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::vector<std::pair<std::string, SecretString>> to_seal_;
};

/// What fetching a token needs, all of it the caller's.
struct TokenErrand {
  Loop& loop;
  TlsContexts& tls;
  const Clock& clock;
  const std::string& ca_file;
  Millis connect_timeout;
  bool public_only = false;
};

/// The account's token: the kept one, or a new one from its token_uri. upstream_failed, upstream_timeout.
Task<Result<AccessTokens::Token>> find_token(AccessTokens& tokens, const ServiceAccount& account, const TokenErrand& errand);

/// The same from the client's token_url.
Task<Result<AccessTokens::Token>> find_token(AccessTokens& tokens, const OAuthClient& client, const TokenErrand& errand);

}  // namespace pg
