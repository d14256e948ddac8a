#include "core/store/attempts.h"

#include <doctest/doctest.h>

#include "core/store/log_store.h"

namespace pg {

TEST_CASE("attempts: what is written is read") {
  std::string text;
  CHECK(read_attempts(text).count == 0);
  add_attempt(text, "openai", "429");
  add_attempt(text, "openai#2", "resting");
  add_attempt(text, "groq", "no-credential");
  CHECK(text == "openai:429,openai#2:resting,groq:no-credential");
  CHECK_FALSE(read_attempts(text).answered);
  add_answerer(text, "openai#3");
  const Attempts attempts = read_attempts("queue:350ms," + text);
  CHECK(attempts.queue_ms == 350);
  CHECK(attempts.count == 3);
  CHECK(attempts.asked == "openai:429,openai#2:resting,groq:no-credential");
  CHECK(attempts.reasons == "429,resting,no-credential");
  CHECK(attempts.answered == "openai#3");
  std::string nobody;
  add_answerer(nobody, "");
  CHECK(nobody == "=");
  CHECK(read_attempts(nobody).answered == "");
}

TEST_CASE("an answer of pg's own is nobody's, and a provider's error is the provider's") {
  LogRow row;
  row.provider = "fake";
  row.status = 200;
  row.outcome = "ok";
  CHECK(answered_by(row) == "fake");
  row.outcome = "error";
  row.upstream_ms = 20;
  row.error = "upstream_failed: the provider's reply ended before it was complete";
  CHECK(answered_by(row) == "fake");
  row.status = 429;
  row.error = "upstream 429: rate_limit_error";
  CHECK(answered_by(row) == "fake");
  row.error = "rate_limited: provider fake is limited to 2 calls a minute";
  CHECK(answered_by(row) == "");
  row.status = 401;
  row.error = "unauthenticated: the API key was revoked while the call was under way";
  CHECK(answered_by(row) == "");
  row.attempts = "a:429,=fake#2";
  CHECK(answered_by(row) == "fake#2");
  row = LogRow();
  row.provider = "fake";
  row.status = 499;
  row.outcome = "canceled";
  CHECK(answered_by(row) == "");
  row.bytes_out = 7;
  CHECK(answered_by(row) == "fake");
}

}  // namespace pg
