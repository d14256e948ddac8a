#include "config/build_policy.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/guard/secrets.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

struct PolicyFixture {
  SettingsHome home;
  PolicyParts parts;
  std::vector<Problem> problems;

  PolicyFixture() { parts.secrets = shipped_secret_rules(); }
  void project(const std::string& providers, const std::string& rest = "") {
    home.project("p", "id = \"7B1F0C52-3d0e-4c3e-9a55-0a4f5f1f2b11\"\nproviders = " + providers + "\n" + rest);
  }
  std::shared_ptr<const Policy> build() {
    parts.environment = *home.options.environment;
    const auto settings = load_settings(home.options);
    REQUIRE(settings);
    problems.clear();
    return build_policy(settings.value(), parts, problems);
  }
  Provider provider(std::size_t index = 0) {
    const auto policy = build();
    REQUIRE(policy != nullptr);
    return *policy->find_project("p")->providers.at(index);
  }
};

const Outlet* find_outlet(const Provider& provider, DialectId id) {
  for (const Outlet& outlet : provider.outlets)
    if (outlet.dialect == id) return &outlet;
  return nullptr;
}

}  // namespace

TEST_CASE("a project is in the policy under its name and its id") {
  PolicyFixture f;
  f.home.config("[serve]\nallowed_hosts = [\"h\"]\n[limits]\nmax_body = 2048\n");
  f.project("[\"echo\"]", "keep_vaults = false\nkeep_vaults_for = \"5m\"\nrequire_key = false\n");
  f.parts.version = 7;
  f.parts.keys.resize(2);
  const auto policy = f.build();
  REQUIRE(policy != nullptr);
  CHECK(policy->version == 7);
  CHECK(policy->limits.max_body == 2048);
  CHECK(policy->allowed_hosts == std::vector<std::string>{"h"});
  CHECK(policy->keys->keys().size() == 2);
  const Project* project = policy->find_project("p");
  REQUIRE(project != nullptr);
  CHECK(policy->find_project(test::kProjectId) == project);
  CHECK(project->id == test::kProjectId);
  CHECK_FALSE(project->require_key);
  CHECK_FALSE(project->keep_vaults);
  CHECK(project->keep_vaults_for == Millis(300'000));
  CHECK(project->guards != nullptr);
}

TEST_CASE("whether a key is needed comes from the project, else from [serve]") {
  PolicyFixture f;
  f.project("[\"echo\"]");
  CHECK(f.build()->find_project("p")->require_key);
  f.home.config("[serve]\nrequire_key = false\n");
  CHECK_FALSE(f.build()->find_project("p")->require_key);
  f.project("[\"echo\"]", "require_key = true\n");
  CHECK(f.build()->find_project("p")->require_key);
}

TEST_CASE("providers speak where their base URLs lead") {
  PolicyFixture f;
  f.home.config(
      "[providers.both]\nopenai_base_url = \"https://o.example/v1/\"\nanthropic_base_url = \"https://a.example/v1\"\n"
      "headers = { x-team = \"red\" }\nmodels = [\"m-*\"]\nvendor = \"both-vendor\"\nconnect_timeout = \"1s\"\n");
  f.project("[\"both\", \"openai\", \"anthropic\", \"echo\"]");
  const Provider both = f.provider(0);
  CHECK(find_outlet(both, DialectId::openai_chat)->base.text() == "https://o.example/v1");
  CHECK(find_outlet(both, DialectId::openai_responses)->base.host == "o.example");
  CHECK(find_outlet(both, DialectId::anthropic)->base.host == "a.example");
  CHECK(both.vendor == "both-vendor");
  CHECK(both.headers == std::vector<std::pair<std::string, std::string>>{{"x-team", "red"}});
  CHECK(both.models == std::vector<std::string>{"m-*"});
  CHECK(both.connect_timeout == Millis(1000));
  CHECK(both.idle_timeout == Provider().idle_timeout);
  CHECK(both.auth == AuthStyle::none);
  CHECK(find_outlet(f.provider(1), DialectId::anthropic) == nullptr);
  CHECK(f.provider(1).auth == AuthStyle::bearer);
  CHECK(f.provider(2).auth == AuthStyle::x_api_key);
  CHECK(find_outlet(f.provider(3), DialectId::anthropic) != nullptr);
  CHECK(f.provider(3).echo);
}

TEST_CASE("echo alone answers everything, beside others only models named after it") {
  PolicyFixture f;
  f.project("[\"echo\"]");
  CHECK(f.provider().models.empty());
  f.project("[\"echo\", \"openai\"]");
  CHECK(f.provider().models == std::vector<std::string>{"echo", "echo-*"});
}

TEST_CASE("credentials from the environment, a file, the database; a missing one is a state, no error") {
  PolicyFixture f;
  f.project("[\"openai\"]");
  CHECK(f.provider().credential_problem == "environment variable OPENAI_API_KEY is not set");
  f.home.set("OPENAI_API_KEY", " made-up \n");
  CHECK(f.provider().credential.reveal() == "made-up");
  CHECK(f.provider().credential_problem.empty());
  f.home.set("OPENAI_API_KEY", "two\nlines");
  CHECK(f.provider().credential.empty());
  CHECK(f.provider().credential_problem == "the credential from env:OPENAI_API_KEY: not one line of printable ASCII");

  f.home.config("[providers.openai]\ncredential = \"file:openai.key\"\n");
  CHECK(f.provider().credential_problem == f.home.dir.file(".config/promptgate/openai.key") + ": no such file");
  f.home.dir.write(".config/promptgate/openai.key", "from-file\n");
  CHECK(f.provider().credential.reveal() == "from-file");

  f.home.config("[providers.openai]\ncredential = \"sealed\"\n");
  CHECK_FALSE(f.provider().credential_problem.empty());
  f.parts.open_sealed = [](std::string_view name) -> Result<SecretString> { return SecretString("sealed-" + std::string(name)); };
  CHECK(f.provider().credential.reveal() == "sealed-openai");

  f.home.config("[providers.openai]\ncredential = \"client\"\n");
  CHECK(f.provider().auth == AuthStyle::client);
  CHECK(f.provider().credential.empty());
  f.home.config("[providers.openai]\ncredential = \"none\"\n");
  CHECK(f.provider().auth == AuthStyle::none);
}

TEST_CASE("guards that do not compile stop the policy, at the line that says so") {
  PolicyFixture f;
  f.project("[\"echo\"]",
            "[[guards.custom]]\nname = \"good\"\nregex = 'x+'\n[[guards.custom]]\nname = \"broken\"\nregex = '(x'\n");
  CHECK(f.build() == nullptr);
  REQUIRE(f.problems.size() == 1);
  CHECK(f.problems[0].place.text() == f.home.dir.file(".config/promptgate/projects/p.toml") + ":8:9");
  CHECK(f.problems[0].message.find("broken") != std::string::npos);
  f.project("[\"echo\"]", "[guards.rules]\n\"no-such-rule\" = \"off\"\n");
  CHECK(f.build() == nullptr);
  CHECK(f.problems[0].place.line == 4);
}

TEST_CASE("a default that does not compile is told once, at its place in pg.toml, and by check_guards too") {
  PolicyFixture f;
  f.home.config("[guards.rules]\n\"no-such-rule\" = \"off\"\n");
  f.project("[\"echo\"]");
  f.home.project("q", "id = \"11111111-2222-4333-8444-555555555555\"\nproviders = [\"echo\"]\n");
  CHECK(f.build() == nullptr);
  REQUIRE(f.problems.size() == 1);
  CHECK(f.problems[0].place.text() == f.home.dir.file(".config/promptgate/pg.toml") + ":2:1");
  std::vector<Problem> problems;
  check_guards(load_settings(f.home.options).value(), problems);
  CHECK(problems.size() == 1);
}

TEST_CASE("the same guard settings are compiled once") {
  PolicyFixture f;
  GuardCache cache;
  f.parts.guards = &cache;
  f.project("[\"echo\"]");
  f.home.project("q", "id = \"11111111-2222-4333-8444-555555555555\"\nproviders = [\"echo\"]\n");
  const auto policy = f.build();
  CHECK(policy->find_project("p")->guards == policy->find_project("q")->guards);
  CHECK(f.build()->find_project("p")->guards == policy->find_project("p")->guards);
  f.project("[\"echo\"]", "[guards]\nemail = \"off\"\n");
  CHECK(f.build()->find_project("p")->guards != policy->find_project("p")->guards);
}

TEST_CASE("a stored credential serves where the variable of the row is not set") {
  PolicyFixture f;
  f.project("[\"openai\"]");
  f.parts.open_sealed = [](std::string_view name) -> Result<SecretString> { return SecretString("sealed-" + std::string(name)); };
  CHECK(f.provider().credential.reveal() == "sealed-openai");
  f.home.set("OPENAI_API_KEY", "from-variable");
  CHECK(f.provider().credential.reveal() == "from-variable");
  f.home.set("OPENAI_API_KEY", "");
  f.parts.open_sealed = [](std::string_view) -> Result<SecretString> { return make_error(Code::not_found, "none stored"); };
  CHECK(f.provider().credential_problem == "environment variable OPENAI_API_KEY is not set");
}
