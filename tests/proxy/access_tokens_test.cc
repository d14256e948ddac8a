#include "proxy/access_tokens.h"

#include <doctest/doctest.h>

using namespace pg;
using std::chrono::seconds;

namespace {

AccessToken issued_token(const char* text, std::int64_t lives) {
  return {SecretString(text), lives, {}};
}

}  // namespace

TEST_CASE("access tokens: one asks, the others wait or use the old one, and it is renewed before its end") {
  AccessTokens tokens;
  const SteadyTime start{};
  CHECK(tokens.take("a", start).fetch);
  const AccessTokens::Turn waiting = tokens.take("a", start);
  CHECK_FALSE(waiting.fetch);
  CHECK(waiting.token == nullptr);
  CHECK_FALSE(waiting.error);
  CHECK(tokens.take("b", start).fetch);  // another account's is another errand

  tokens.put("a", issued_token("one", 3600), start);
  CHECK(tokens.take("a", start + seconds(3299)).token->reveal() == "one");
  CHECK_FALSE(tokens.take("a", start + seconds(3299)).fetch);
  const AccessTokens::Turn early = tokens.take("a", start + seconds(3301));
  CHECK(early.fetch);
  CHECK(early.token->reveal() == "one");
  CHECK_FALSE(tokens.take("a", start + seconds(3302)).fetch);  // somebody is on it
  CHECK(tokens.take("a", start + seconds(3302)).token->reveal() == "one");
  CHECK(tokens.take("a", start + seconds(3591)).token == nullptr);  // too close to its end
  tokens.put("a", issued_token("two", 3600), start + seconds(3591));
  CHECK(tokens.take("a", start + seconds(3600)).token->reveal() == "two");
}

TEST_CASE("access tokens: a refusal is told to all for a moment, and an old token survives it") {
  AccessTokens tokens;
  const SteadyTime start{};
  CHECK(tokens.take("a", start).fetch);
  tokens.fail("a", make_error(Code::upstream_failed, "no"), start);
  CHECK(tokens.take("a", start + seconds(1)).error->message == "no");
  CHECK(tokens.take("a", start + seconds(3)).fetch);
  tokens.put("a", issued_token("one", 100), start + seconds(3));
  CHECK(tokens.take("a", start + seconds(60)).fetch);  // past half of a short life
  tokens.fail("a", make_error(Code::upstream_failed, "no"), start + seconds(60));
  const AccessTokens::Turn kept = tokens.take("a", start + seconds(61));
  CHECK(kept.token->reveal() == "one");
  CHECK_FALSE(kept.error);
  CHECK(tokens.take("a", start + seconds(94)).fetch);
}

TEST_CASE("access tokens: a refresh token that was replaced is used until somebody signs in anew, and waits to be sealed once") {
  AccessTokens tokens;
  OAuthClient client;
  client.id = "a";
  client.sealed_as = "name";
  client.refresh_token = SecretString("first");
  CHECK(tokens.refresh_token(client).reveal() == "first");
  tokens.rotate(client, SecretString(""));
  tokens.rotate(client, SecretString("first"));
  CHECK(tokens.take_rotated().empty());
  tokens.rotate(client, SecretString("second"));
  tokens.rotate(client, SecretString("second"));
  CHECK(tokens.refresh_token(client).reveal() == "second");
  const auto waiting = tokens.take_rotated();
  REQUIRE(waiting.size() == 1);
  CHECK(waiting.front().first == "name");
  CHECK(waiting.front().second.reveal() == "second");
  CHECK(tokens.take_rotated().empty());
  client.refresh_token = SecretString("signed in");
  CHECK(tokens.refresh_token(client).reveal() == "signed in");
  client.refresh_token = SecretString("");
  tokens.rotate(client, SecretString("unasked"));  // client credentials have none
  CHECK(tokens.take_rotated().empty());
}
