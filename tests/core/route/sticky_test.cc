#include "core/route/sticky.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/fake_clock.h"

namespace pg::test {

TEST_CASE("a conversation stays with the credential it moved to, for an hour after its last call") {
  FakeClock clock;
  StickyCredentials sticky;
  CHECK(sticky.find("openai", "a", clock.steady()) == 0);
  sticky.remember("openai", "a", 2, clock.steady());
  CHECK(sticky.find("openai", "a", clock.steady()) == 2);
  CHECK(sticky.find("openai", "b", clock.steady()) == 0);
  CHECK(sticky.find("groq", "a", clock.steady()) == 0);
  clock.advance(3'000'000);
  CHECK(sticky.find("openai", "a", clock.steady()) == 2);
  clock.advance(3'000'000);
  CHECK(sticky.find("openai", "a", clock.steady()) == 2);
  clock.advance(3'700'000);
  CHECK(sticky.find("openai", "a", clock.steady()) == 0);
  sticky.remember("openai", "a", 1, clock.steady());
  sticky.remember("openai", "a", 0, clock.steady());
  CHECK(sticky.find("openai", "a", clock.steady()) == 0);
}

TEST_CASE("calls without a conversation are never moved, and memory is bounded") {
  FakeClock clock;
  StickyCredentials sticky;
  sticky.remember("openai", "", 1, clock.steady());
  CHECK(sticky.find("openai", "", clock.steady()) == 0);
  for (std::size_t i = 0; i <= StickyCredentials::kMost; ++i) sticky.remember("openai", std::to_string(i), 1, clock.steady());
  CHECK(sticky.find("openai", "0", clock.steady()) == 0);
  CHECK(sticky.find("openai", std::to_string(StickyCredentials::kMost), clock.steady()) == 1);
}

}  // namespace pg::test
