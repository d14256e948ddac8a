#include "core/store/attempts.h"

#include <doctest/doctest.h>

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

}  // namespace pg
