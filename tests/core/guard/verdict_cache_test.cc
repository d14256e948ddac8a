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
  cache.put(key, verdict_of(7));
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

TEST_CASE("never more than the budget is held, and the newest is among it") {
  VerdictCache cache(40'000);
  const std::size_t each = [] {
    VerdictCache one;
    one.put(hash_text("x").salted(0), verdict_of(1));
    return one.bytes();
  }();
  for (std::uint32_t i = 0; i < 1000; ++i) {
    cache.put(hash_text(std::to_string(i)).salted(0), verdict_of(i));
    REQUIRE(cache.bytes() <= 40'000);
    REQUIRE(cache.bytes() == cache.size() * each);
    REQUIRE(cache.find(hash_text(std::to_string(i)).salted(0)) != nullptr);
  }
  const std::uint32_t sure = static_cast<std::uint32_t>(20'000 / each) - 1;
  for (std::uint32_t i = 1000 - sure; i < 1000; ++i) {
    REQUIRE(cache.find(hash_text(std::to_string(i)).salted(0)) != nullptr);
    CHECK(cache.find(hash_text(std::to_string(i)).salted(0))->findings.at(0).begin == i);
  }
  CHECK(cache.find(hash_text("0").salted(0)) == nullptr);
}

TEST_CASE("a verdict counts with all that was found, and a clean one takes little") {
  VerdictCache cache;
  cache.put(hash_text("clean").salted(0), Verdict{});
  const std::size_t clean = cache.bytes();
  CHECK(clean <= 64);
  Verdict rich;
  rich.findings.resize(1000);
  cache.put(hash_text("rich").salted(0), rich);
  CHECK(cache.bytes() - clean > 1000 * sizeof(Finding));
  const std::size_t both = cache.bytes();
  cache.put(hash_text("rich").salted(0), rich);
  CHECK(cache.bytes() == both);
}

TEST_CASE("what is larger than a generation is not kept, and pushes nobody out") {
  VerdictCache cache(20'000);
  cache.put(hash_text("clean").salted(0), Verdict{});
  Verdict large;
  large.findings.resize(2'000);
  cache.put(hash_text("large").salted(0), large);
  CHECK(cache.find(hash_text("large").salted(0)) == nullptr);
  CHECK(cache.find(hash_text("clean").salted(0)) != nullptr);
  VerdictCache none(0);
  none.put(hash_text("clean").salted(0), Verdict{});
  CHECK(none.size() == 0);
}

TEST_CASE("a lowered budget is kept to with what comes next, and nothing turns clean over it") {
  VerdictCache cache(20'000);
  Verdict some;
  some.findings.resize(100);
  for (std::uint32_t i = 0; i < 100; ++i) cache.put(hash_text("some" + std::to_string(i)).salted(0), some);
  cache.set_budget(2'000);
  for (std::uint32_t i = 0; i < 100; ++i) {
    const Verdict* known = cache.find(hash_text("some" + std::to_string(i)).salted(0));
    CHECK((known == nullptr || known->findings.size() == 100));
  }
  for (std::uint32_t i = 0; i < 50; ++i) cache.put(hash_text("clean" + std::to_string(i)).salted(0), Verdict{});
  CHECK(cache.bytes() <= 2'000);
}

TEST_CASE("what a conversation asks for with every turn stays, however many others come between") {
  VerdictCache cache(20'000);
  const VerdictKey key = hash_text("the first message").salted(0);
  cache.put(key, verdict_of(42));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    cache.put(hash_text(std::to_string(i)).salted(0), Verdict{});
    if (i % 50 != 0) continue;
    REQUIRE(cache.find(key) != nullptr);
    CHECK(cache.find(key)->findings.at(0).begin == 42);
  }
}

}  // namespace
}  // namespace pg
