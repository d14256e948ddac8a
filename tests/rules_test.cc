// Every shipped rule finds its examples and not its counterexamples; a planted secret is found where it was planted.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "core/guard/byte_set.h"
#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

std::uint64_t seed_of_run() {
  const char* given = std::getenv("PG_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  MESSAGE("PG_SEED=" << seed);
  return seed;
}

std::vector<Finding> rules_in(std::string_view text) {
  std::vector<Finding> out;
  shipped_secret_rules()->find(text, out);
  return out;
}

bool finds(std::string_view text, std::size_t rule) {
  const auto found = rules_in(text);
  return std::any_of(found.begin(), found.end(), [&](const Finding& f) { return f.rule == rule; });
}

/// The pattern spelled, shown instead of the value: a failing test must not print something that looks live.
std::string spelled_example(const std::string& pattern, std::uint64_t seed) {
  auto text = spell_example(pattern, seed);
  REQUIRE_MESSAGE(text.has_value(), pattern);
  return *text;
}

TEST_CASE("every rule is well formed: documented, with examples both ways, and its expression compiles") {
  for (const SecretRule& rule : shipped_secret_rules()->rules()) {
    CAPTURE(rule.rule.id);
    CHECK_FALSE(rule.rule.description.empty());
    CHECK_FALSE(rule.source.empty());
    CHECK_FALSE(rule.examples.empty());
    CHECK_FALSE(rule.counterexamples.empty());
    const Status status = rule.pattern->check();
    CHECK_MESSAGE(status.has_value(), (status ? "" : status.error().message));
  }
}

TEST_CASE("every rule finds its examples") {
  const auto rules = shipped_secret_rules();
  for (std::size_t i = 0; i < rules->rules().size(); ++i) {
    for (const std::string& example : rules->rules()[i].examples) {
      for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(rules->rules()[i].rule.id);
        CAPTURE(example);
        CAPTURE(seed);
        CHECK(finds(spelled_example(example, seed), i));
        CHECK(finds("some text before \"" + spelled_example(example, seed) + "\", and after\n", i));
      }
    }
  }
}

TEST_CASE("no rule finds its counterexamples") {
  const auto rules = shipped_secret_rules();
  for (std::size_t i = 0; i < rules->rules().size(); ++i) {
    for (const std::string& example : rules->rules()[i].counterexamples) {
      for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(rules->rules()[i].rule.id);
        CAPTURE(example);
        CAPTURE(seed);
        CHECK_FALSE(finds(spelled_example(example, seed), i));
      }
    }
  }
}

TEST_CASE("a planted secret is found at its exact place between any bytes of no token") {
  const std::uint64_t seed = seed_of_run();
  std::mt19937_64 random(seed);
  const auto rules = shipped_secret_rules();
  const std::string_view around = " \t\r\n\"'`,;:()[]{}<>&|!?#$*^~@\x01\x80\xC3\xA9\xFF";
  const auto noise = [&](const SecretRule& rule) {
    std::string out;
    for (std::size_t n = random() % 80; n > 0; --n) {
      const char c = around[random() % around.size()];
      if (!rule.left.has(c) && !rule.right.has(c) && !rule.before.has(c)) out += c;
    }
    return out;
  };
  for (std::size_t i = 0; i < rules->rules().size(); ++i) {
    const SecretRule& rule = rules->rules()[i];
    for (int round = 0; round < 20; ++round) {
      const std::string value = spelled_example(rule.examples.front(), random());
      if (!finds(value, i)) continue;  // e.g. a value of too little entropy; the test above bounds how often
      const std::vector<Finding> alone = rules_in(value);
      const std::string before = noise(rule), after = noise(rule);
      const std::vector<Finding> planted = rules_in(before + value + after);
      CAPTURE(rule.rule.id);
      CAPTURE(round);
      const auto wanted = std::find_if(alone.begin(), alone.end(), [&](const Finding& f) { return f.rule == i; });
      const auto shift = static_cast<std::uint32_t>(before.size());
      const bool same = std::any_of(planted.begin(), planted.end(), [&](const Finding& f) {
        return f.rule == i && f.begin == wanted->begin + shift && f.end == wanted->end + shift;
      });
      CHECK(same);
    }
  }
}

TEST_CASE("a secret behind an escape or in front of punctuation is found") {
  const auto rules = shipped_secret_rules();
  const auto is_github = [&](const Finding& f) { return rules->rules()[f.rule].rule.id == "github-token"; };
  for (const std::string before :
       {"\\n", "\\t", "\\\\n", "\\u003c", "\\u003C", "%22", "%2522", "\\x22", "\x1b[31m", "\\u001b[1;31m", "\\033[0m"}) {
    for (const std::string after : {")", ",", ".", "<", "&", "\\n", "%22", "\"", "-x", "/x", ""}) {
      const std::string token = spelled_example("{github_crc:ghp_}", 7);
      const auto found = rules_in(before + token + after);
      CAPTURE(before);
      CAPTURE(after);
      REQUIRE(std::count_if(found.begin(), found.end(), is_github) == 1);
      CHECK(found[0].begin == before.size());
      CHECK(found[0].end == before.size() + token.size());
      CHECK_FALSE(found[0].weak);
    }
  }
}

TEST_CASE("a wrong checksum is a weak finding, not silence") {
  // Given a token of the right shape that nobody issued
  const std::string made_up = spelled_example("ghp_{alnum:36}", 3);
  // When it is looked at
  const auto found = rules_in(made_up);
  // Then it is shown, and marked
  REQUIRE(found.size() == 1);
  CHECK(found[0].weak);
}

}  // namespace
}  // namespace pg
