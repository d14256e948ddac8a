#include "core/guard/verdict_cache.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>

namespace pg {
namespace {

Verdict verdict_of(std::uint32_t begin) {
  Verdict verdict;
  verdict.findings.push_back({begin, begin + 1, 3, false});
  return verdict;
}

TEST_CASE("what was put is found, what was not is not") {
  VerdictCache cache;
  const VerdictKey key = hash_text("text").salted(1);
  CHECK(cache.find(key) == nullptr);
  const Verdict& kept = cache.put(key, verdict_of(7));
  CHECK(kept.findings.at(0).begin == 7);
  REQUIRE(cache.find(key) != nullptr);
  CHECK(cache.find(key)->findings == verdict_of(7).findings);
  CHECK(cache.find(hash_text("text!").salted(1)) == nullptr);
  CHECK(cache.size() == 1);
}

TEST_CASE("an empty verdict is a verdict") {
  VerdictCache cache;
  cache.put(hash_text("clean").salted(1), Verdict{});
  REQUIRE(cache.find(hash_text("clean").salted(1)) != nullptr);
  CHECK(cache.find(hash_text("clean").salted(1))->empty());
}

TEST_CASE("literals and the need to encode again are remembered") {
  VerdictCache cache;
  Verdict verdict;
  verdict.literals.push_back({"EMAIL", 4});
  verdict.recode = true;
  CHECK_FALSE(verdict.empty());
  const VerdictKey key = hash_text("x").salted(0);
  cache.put(key, verdict);
  CHECK(cache.find(key)->recode);
  CHECK(cache.find(key)->literals.at(0).number == 4);
}

TEST_CASE("keys differ with every byte and with the salt") {
  const VerdictCache cache;
  std::set<std::pair<std::uint64_t, std::uint64_t>> keys;
  std::size_t count = 0;
  const auto add = [&](std::string_view text, std::uint64_t salt) {
    const VerdictKey key = hash_text(text).salted(salt);
    keys.emplace(key.low, key.high);
    ++count;
  };
  for (std::size_t size = 0; size <= 200; ++size) {
    add(std::string(size, 'a'), 0);
    add(std::string(size, '\0') + "b", 0);
    add("same", size + 1);
  }
  for (std::size_t at = 0; at < 300; ++at) {
    std::string text(300, 'c');
    text[at] = 'd';
    add(text, 0);
  }
  CHECK(keys.size() == count);
  CHECK(hash_text("a").salted(1) == hash_text("a").salted(1));
}

TEST_CASE("two generations at most are held, and the newest is among them") {
  VerdictCache cache(100);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    cache.put(hash_text(std::to_string(i)).salted(0), verdict_of(i));
    REQUIRE(cache.size() <= 200);
    REQUIRE(cache.find(hash_text(std::to_string(i)).salted(0)) != nullptr);
  }
  for (std::uint32_t i = 901; i < 1000; ++i) {
    REQUIRE(cache.find(hash_text(std::to_string(i)).salted(0)) != nullptr);
    CHECK(cache.find(hash_text(std::to_string(i)).salted(0))->findings.at(0).begin == i);
  }
  CHECK(cache.find(hash_text("0").salted(0)) == nullptr);
}

TEST_CASE("what a conversation asks for with every turn stays, however many others come between") {
  VerdictCache cache(100);
  const VerdictKey key = hash_text("the first message").salted(0);
  cache.put(key, verdict_of(42));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    cache.put(hash_text(std::to_string(i)).salted(0), Verdict{});
    if (i % 50 != 0) continue;
    REQUIRE(cache.find(key) != nullptr);
    CHECK(cache.find(key)->findings.at(0).begin == 42);
  }
  CHECK(cache.size() <= 200);
}

}  // namespace
}  // namespace pg
