// What settings say about limits, credentials in turn, breakers and fallbacks, and what outlives a reload.
#include <doctest/doctest.h>

#include "config/build_policy.h"
#include "config/lasting.h"
#include "core/guard/secrets.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

struct Resilient {
  SettingsHome home;
  LastingState lasting;
  PolicyParts parts;

  Resilient() {
    parts.secrets = shipped_secret_rules();
    parts.lasting = &lasting;
  }
  void project(const std::string& lines) {
    home.project("p", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"openai\"]\n" + lines);
  }
  std::shared_ptr<const Policy> build() {
    parts.environment = *home.options.environment;
    const auto settings = load_settings(home.options);
    REQUIRE(settings);
    std::vector<Problem> problems;
    const auto policy = build_policy(settings.value(), parts, problems);
    REQUIRE(policy != nullptr);
    return policy;
  }
  std::string said() { return problems_text(read_settings(home.options).problems); }
};

std::shared_ptr<const Provider> first_provider(const Policy& policy) {
  return policy.find_project("p")->providers.at(0);
}

}  // namespace

TEST_CASE("several credentials make one target each, in their order; those that cannot be had are left out") {
  Resilient r;
  r.home.config("[providers.openai]\ncredentials = [\"env:A\", \"env:B\", \"sealed:spare\"]\n");
  r.project("");
  r.parts.open_sealed = [](std::string_view name) -> Result<SecretString> { return SecretString("sealed-" + std::string(name)); };
  r.home.set("B", "made-up-b");
  const auto two = first_provider(*r.build());
  CHECK(two->credential.reveal() == "made-up-b");
  CHECK(two->label == "openai#2");
  CHECK(two->name == "openai");
  REQUIRE(two->spares.size() == 1);
  CHECK(two->spares[0]->credential.reveal() == "sealed-spare");
  CHECK(two->spares[0]->label == "openai#3");
  r.home.set("A", "made-up-a");
  const auto three = first_provider(*r.build());
  CHECK(three->label == "openai");
  CHECK(three->spares.size() == 2);
  CHECK(three->health != three->spares[0]->health);
  r.home.config("[providers.openai]\ncredentials = [\"env:C\", \"env:D\"]\n");
  const auto none = first_provider(*r.build());
  CHECK(none->credential_problem == "environment variable C is not set");
  CHECK(none->spares.empty());
}

TEST_CASE("limits and health outlive a reload; a new credential starts well") {
  Resilient r;
  r.home.config(
      "[limits]\nmax_concurrent = 8\nqueue = 3\nqueue_timeout = \"2s\"\n[providers.openai]\nconcurrency = 2\nqueue = 5\n");
  r.project("");
  r.home.set("OPENAI_API_KEY", "made-up-a");
  r.parts.keys.resize(2);
  r.parts.keys[1].id = 7;
  r.parts.keys[1].concurrency = 4;
  const auto before = r.build();
  const auto provider = first_provider(*before);
  CHECK(before->capacity->rules().places == 8);
  CHECK(before->capacity->rules().queue == 3);
  CHECK(provider->capacity->rules().places == 2);
  CHECK(provider->capacity->rules().queue == 5);
  CHECK(provider->capacity->rules().patience == Millis{2'000});
  CHECK(before->keys->keys()[0].capacity == nullptr);
  CHECK(before->keys->keys()[1].capacity->rules().places == 4);
  r.home.config("[providers.openai]\nconcurrency = 3\n");
  const auto after = r.build();
  CHECK(after->capacity == nullptr);
  CHECK(first_provider(*after)->capacity == provider->capacity);
  CHECK(provider->capacity->rules().places == 3);
  CHECK(provider->capacity->rules().queue == 100);
  CHECK(first_provider(*after)->health == provider->health);
  CHECK(after->keys->keys()[1].capacity == before->keys->keys()[1].capacity);
  r.home.set("OPENAI_API_KEY", "made-up-b");
  CHECK(first_provider(*r.build())->health != provider->health);
}

TEST_CASE("a breaker has defaults, and refuses where it stands alone only when it is set") {
  Resilient r;
  r.project("");
  r.home.config("");
  CHECK(first_provider(*r.build())->breaker.failures == 5);
  CHECK_FALSE(first_provider(*r.build())->breaker_always);
  r.home.config(
      "[providers.openai]\nbreaker_failures = 2\nbreaker_window = \"9s\"\nbreaker_open = \"1s\"\n"
      "breaker_open_at_most = \"3s\"\n");
  const auto set = first_provider(*r.build());
  CHECK(set->breaker_always);
  CHECK(set->breaker.failures == 2);
  CHECK(set->breaker.window == Millis{9'000});
  CHECK(set->breaker.open == Millis{1'000});
  CHECK(set->breaker.open_at_most == Millis{3'000});
  r.home.config("[providers.openai]\nbreaker_failures = 0\n");
  CHECK(first_provider(*r.build())->breaker.failures == 0);
  CHECK_FALSE(first_provider(*r.build())->breaker_always);
}

TEST_CASE("one fallback is a text, several are a list") {
  Resilient r;
  r.home.config("");
  r.project("fallback = \"groq:llama3:8b\"\n");
  const auto one = r.build()->find_project("p")->fallbacks;
  REQUIRE(one.size() == 1);
  CHECK(one[0].provider->name == "groq");
  CHECK(one[0].model == "llama3:8b");
  r.project("fallback = [\"groq:x\", \"anthropic\"]\n");
  const auto two = r.build()->find_project("p")->fallbacks;
  REQUIRE(two.size() == 2);
  CHECK(two[1].provider->name == "anthropic");
  CHECK(two[1].model.empty());
  r.project("fallback = 3\n");
  CHECK(r.said().find("p.toml:3:12: fallback must be a text or a list of texts") != std::string::npos);
  r.project("fallback = [\"groq\", \"antropic\"]\n");
  CHECK(r.said().find("did you mean \"anthropic\"?") != std::string::npos);
}

TEST_CASE("what cannot be meant is said, with its place") {
  Resilient r;
  r.project("");
  const auto said = [&r](const std::string& lines) {
    r.home.config("[providers.openai]\n" + lines);
    return r.said();
  };
  CHECK(said("credentials = [\"env:A\", \"file:b.key\", \"sealed\", \"sealed:other\"]\n") == "");
  CHECK(said("credentials = [\"client\"]\n").find("pg.toml:2:15: credentials: \"client\" cannot be one of several") !=
        std::string::npos);
  CHECK(
      said("credential = \"env:A\"\ncredentials = [\"env:B\"]\n").find("pg.toml:3:15: credential and credentials are set both") !=
      std::string::npos);
  CHECK(said("credentials = [\"" + std::string(40, 'k') + "\"]\n").find("must not stand in a settings file") !=
        std::string::npos);
  CHECK(said("concurency = 3\n").find("did you mean \"concurrency\"?") != std::string::npos);
  CHECK(said("concurrency = -1\n").find("concurrency must be a whole number from 0 to 100000") != std::string::npos);
  CHECK(said("queue_timeout = 5\n").find("queue_timeout must be a duration") != std::string::npos);
  CHECK(said("breaker_failure = 5\n").find("did you mean \"breaker_failures\"?") != std::string::npos);
}

TEST_CASE("a missing credential among several warns") {
  Resilient r;
  r.project("");
  r.home.config("[providers.openai]\ncredentials = [\"env:A\", \"env:B\"]\n");
  r.home.set("A", "made-up");
  CHECK(load_settings(r.home.options).value().warnings ==
        std::vector<std::string>{"provider openai: environment variable B is not set"});
}
