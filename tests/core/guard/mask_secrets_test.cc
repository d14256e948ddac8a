#include "core/guard/mask_secrets.h"

#include <doctest/doctest.h>

#include "core/guard/rule_examples.h"

using namespace pg;

namespace {

const std::string kMaskedToken = spell_example("{github_crc:ghp_}", 21).value();

std::string event(std::string_view text) {
  return R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" + std::string(text) +
         "\"}}\n\n";
}

}  // namespace

TEST_CASE("a secret becomes stars of its length, and nothing else changes") {
  const SecretMask mask;
  std::string text = R"({"a":")" + kMaskedToken + R"(","b":"mail bob@example.com"})";
  CHECK(mask.mask(text) == 1);
  CHECK(text == R"({"a":")" + std::string(kMaskedToken.size(), '*') + R"(","b":"mail bob@example.com"})");
  std::string clean = "nothing here";
  CHECK(mask.mask(clean) == 0);
  CHECK(clean == "nothing here");
  CHECK(mask.find(kMaskedToken) != nullptr);
  CHECK(mask.find("nothing") == nullptr);
}

TEST_CASE("what a command says back has stars for a secret, and is else as it was") {
  CHECK(without_secrets("no key named \"" + kMaskedToken + "\"") ==
        "no key named \"" + std::string(kMaskedToken.size(), '*') + "\"");
  for (const char* plain :
       {"", "laptop", "/home/somebody/src/promptgate/pg.toml:12:3: unknown key", "01KAJ2Q8ZX5W7N3R9T4V6Y8B2C"})
    CHECK(without_secrets(plain) == plain);
}

TEST_CASE("a secret that comes in pieces of any size is starred piece by piece") {
  const SecretMask mask;
  for (const std::size_t size : {1u, 3u, 7u, 20u}) {
    CAPTURE(size);
    std::string events = event("the token is ");
    std::string expected = events;
    for (std::size_t at = 0; at < kMaskedToken.size(); at += size) {
      const std::string piece = kMaskedToken.substr(at, size);
      events += event(piece);
      expected += event(std::string(piece.size(), '*'));
    }
    events += event(" and goes on");
    expected += event(" and goes on");
    CHECK(mask.mask_events(events) >= 1);
    CHECK(events == expected);
  }
}

TEST_CASE("whatever the events are, masking keeps their length and ends") {
  const SecretMask mask;
  for (const std::string bad : {"", "\"", "data: {\"a", "data: {\"a\\", "\"a\":\"b\\\"", "\"a\":\n\"b\"", "\"\":\"\"\"\""}) {
    std::string text = bad;
    mask.mask_events(text);
    CHECK(text == bad);
  }
}
