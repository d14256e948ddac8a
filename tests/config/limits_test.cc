// What settings say about rates, caps and budgets, and what of it outlives a reload.
#include <doctest/doctest.h>

#include "config/build_policy.h"
#include "config/lasting.h"
#include "core/guard/secrets.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

struct Limited {
  SettingsHome home;
  LastingState lasting;
  PolicyParts parts;

  Limited() {
    parts.secrets = shipped_secret_rules();
    parts.lasting = &lasting;
    parts.read_spent = [](SpendKind, std::string_view name) -> Result<SpentByMonth> {
      return SpentByMonth{{202611, name == "p" ? 7 : 3}};
    };
  }
  std::shared_ptr<const Policy> build() {
    parts.environment = *home.options.environment;
    const auto settings = load_settings(home.options);
    REQUIRE(settings);
    std::vector<Problem> problems;
    const auto policy = build_policy(settings.value(), parts, problems);
    REQUIRE(policy != nullptr);
    lasting.forget_unused();
    return policy;
  }
  std::string said() { return problems_text(read_settings(home.options).problems); }
};

}  // namespace

TEST_CASE("a project's limits, a provider's rate and a key's rules reach the policy; none are nothing") {
  Limited l;
  l.home.simple_project("p", "[limits]\nrpm = 60\nrph = 500\nmax_tokens = 1000\nbudget = \"2.50 USD\"\n");
  l.home.config("[providers.echo]\nrpm = 9\n[budgets]\ntime_zone = \"UTC\"\nunknown_prices = \"allow\"\nwarn_at = 50\n");
  l.parts.keys.resize(2);
  l.parts.keys[0].id = 1;
  l.parts.keys[1].id = 2;
  l.parts.keys[1].name = "laptop";
  l.parts.keys[1].rules.budget = 100;
  const auto policy = l.build();
  const Project& project = *policy->find_project("p");
  REQUIRE(project.limits != nullptr);
  CHECK(project.limits->whose == "project p");
  CHECK(project.limits->rules.rate.rpm == 60);
  CHECK(project.limits->rules.rate.rph == 500);
  CHECK(project.limits->rules.max_tokens == 1000);
  CHECK(project.limits->rules.budget == 2'500'000'000);
  CHECK(project.limits->budget->state(202611).spent == 7);
  CHECK(project.providers.at(0)->rate_rules.rpm == 9);
  CHECK(policy->keys->keys()[0].limits == nullptr);
  REQUIRE(policy->keys->keys()[1].limits != nullptr);
  CHECK(policy->keys->keys()[1].limits->rate == nullptr);
  CHECK(policy->keys->keys()[1].limits->budget->state(202611).spent == 3);
  CHECK(policy->budgets.unknown_prices);
  CHECK(policy->budgets.warn_at == 50);
  CHECK(policy->revoke_streams);
}

TEST_CASE("an endpoint of a project has rates of its own, which a reload keeps; other paths are mistakes") {
  Limited l;
  const std::string text =
      "[limits]\nrpm = 60\n[limits.endpoints.\"/v1/embeddings\"]\nrpm = 3\n[limits.endpoints.\"/v1/messages\"]\n";
  l.home.simple_project("p", text);
  auto policy = l.build();
  const auto& limits = policy->find_project("p")->endpoint_limits;
  REQUIRE(limits.size() == 2);
  const CallLimits own = limits.at("/v1/embeddings");
  CHECK(own.whose == "project p at /v1/embeddings");
  CHECK(own.rules.rate.rpm == 3);
  CHECK(own.rate != policy->find_project("p")->limits->rate);
  CHECK(limits.at("/v1/messages").rate == nullptr);
  policy = l.build();
  CHECK(policy->find_project("p")->endpoint_limits.at("/v1/embeddings").rate == own.rate);
  l.home.simple_project("p", "[limits.endpoints.\"/v1/embedings\"]\nrpm = 3\n");
  CHECK(l.said().find("did you mean \"/v1/embeddings\"?") != std::string::npos);
  l.home.simple_project("p", "[limits.endpoints.\"/v1/embeddings\"]\nbudget = 3\n");
  CHECK(l.said().find("unknown key \"budget\"") != std::string::npos);
  l.home.simple_project("p", "[limits]\nendpoints = 3\n");
  CHECK(l.said().find("table") != std::string::npos);
}

TEST_CASE("a reload keeps counts and sums of unchanged names; a new limit holds at once") {
  Limited l;
  l.home.simple_project("p", "[limits]\nrpm = 2\nbudget = \"1 USD\"\n");
  const SteadyTime now{};
  auto policy = l.build();
  const auto budget = policy->find_project("p")->limits->budget;
  CHECK_FALSE(policy->find_project("p")->limits->rate->take(now, {2, 0}));
  CHECK(budget->change(202611, 0, 50, 1'000));
  l.home.simple_project("p", "[limits]\nrpm = 1\nbudget = \"3 USD\"\n");
  policy = l.build();
  const CallLimits& after = *policy->find_project("p")->limits;
  CHECK(after.budget == budget);
  CHECK(after.rules.budget == 3'000'000'000);
  CHECK(after.rate->take(now, after.rules.rate));
}

TEST_CASE("mistakes are named with their place") {
  Limited l;
  l.home.simple_project("p", "[limits]\nrmp = 5\nbudget = 50\n");
  std::string said = l.said();
  CHECK(said.find("p.toml:4:1") != std::string::npos);
  CHECK(said.find("rpm") != std::string::npos);
  CHECK(said.find("such as \"50 USD\"") != std::string::npos);
  l.home.simple_project("p", "[limits]\nbudget = \"0 USD\"\n");
  CHECK(l.said().find("budget must be an amount from") != std::string::npos);
  l.home.simple_project("p");
  l.home.config("[budgets]\ntime_zone = \"Mars/Olympus\"\nunknown_prices = \"maybe\"\n");
  said = l.said();
  CHECK(said.find("pg.toml:2:") != std::string::npos);
  CHECK(said.find("no time zone \"Mars/Olympus\"") != std::string::npos);
  CHECK(said.find("\"refuse\" or \"allow\"") != std::string::npos);
}
