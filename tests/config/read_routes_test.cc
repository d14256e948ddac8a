// What users read when hosts, prompt policies, routes or a provider's guards are wrong.
#include <doctest/doctest.h>

#include "config/build_policy.h"
#include "config/load.h"
#include "core/guard/secrets.h"
#include "core/route/prompt_policy.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

const std::string kProjectHead = "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"ollama\"]\n";

std::string route_problems(std::string_view settings, std::string_view project = "") {
  const SettingsHome home;
  home.config(std::string(settings));
  home.project("team", kProjectHead + std::string(project));
  return problems_text(read_settings(home.options).problems);
}

bool says(const std::string& all, std::string_view part) {
  return all.find(part) != std::string::npos;
}

std::shared_ptr<const Policy> policy_of(const SettingsHome& home, std::vector<Problem>& problems) {
  PolicyParts parts;
  parts.secrets = shipped_secret_rules();
  parts.environment = *home.options.environment;
  return build_policy(load_settings(home.options).value(), parts, problems);
}

}  // namespace

TEST_CASE("a route names things that exist, and can fit") {
  CHECK(route_problems(
            "[prompt_policies.house]\ntext = \"x\"\n",
            "[[route]]\nmatch = { path = \"/v1/mess*\", dialect = [\"openai-*\", \"anthropic\"], host = \"A.example\" }\n"
            "provider = \"ollama\"\nprompt = \"house\"\nfallback = \"groq:x\"\n[[route]]\nprompt = \"none\"\n") == "");
  CHECK(
      says(route_problems("", "[[route]]\nprovider = \"olama\"\n"),
           "team.toml:4:12: unknown provider \"olama\"\n  provider = \"olama\"\n             ^~~~~~~ did you mean \"ollama\"?"));
  CHECK(says(route_problems("[providers.groq]\nenabled = false\n", "[[route]]\nfallback = \"groq:x\"\n"),
             "disabled provider \"groq\""));
  CHECK(says(route_problems("[providers.own]\nanthropic_base_url = \"http://127.0.0.1/v1\"\ncredential = \"client\"\n",
                            "[[route]]\nfallback = \"own\"\n"),
             "a fallback needs a credential of its own"));
  CHECK(
      says(route_problems("[prompt_policies.house]\ntext = \"x\"\n", "[[route]]\nprompt = \"huose\"\n"),
           "team.toml:4:10: unknown prompt policy \"huose\"\n  prompt = \"huose\"\n           ^~~~~~~ did you mean \"house\"?"));
  CHECK(says(route_problems("", "prompt = \"house\"\n"), "team.toml:3:10: unknown prompt policy \"house\""));
  CHECK(says(route_problems("", "[[route]]\nmodel = \"x\"\nmatch = { path = \"/v1/message\" }\n"),
             "did you mean \"/v1/messages\"?"));
  CHECK(says(route_problems("", "[[route]]\nmodel = \"x\"\nmatch = { dialect = \"openai\" }\n"),
             "no call has the dialect \"openai\""));
  CHECK(says(route_problems("", "[[route]]\nmodel = \"groq:x\"\n"),
             "team.toml:4:9: the project does not use provider \"groq\"\n  model = \"groq:x\"\n          ^~~~~~~~ "
             "write provider = \"groq\" and model = \"x\""));
  CHECK(route_problems("", "[[route]]\nmodel = \"ollama:x\"\n[[route]]\nmodel = \"qwen3:8b\"\n") == "");
  CHECK(says(route_problems("", "[[route]]\nname = \"idle\"\n"), "team.toml:3:1: this route changes nothing"));
}

TEST_CASE("a route is written with the keys there are") {
  CHECK(says(route_problems("", "[[route]]\nmodel = \"x\"\nmatch = { modl = \"x\" }\n"),
             "team.toml:5:11: unknown key \"modl\"\n  match = { modl = \"x\" }\n            ^~~~ did you mean \"model\"?"));
  CHECK(says(route_problems("", "[[route]]\nprovidr = \"x\"\n"), "did you mean \"provider\"?"));
  CHECK(says(route_problems("", "[[route]]\nmodel = \"x\"\nmatch = { model = [1] }\n"), "model is a text, or a list of texts"));
  CHECK(says(route_problems("", "[[route]]\nmodel = \"x\"\nmatch = { model = [] }\n"), "model is a text, or a list of texts"));
  CHECK(says(route_problems("", "[[route]]\nmodel = \"x\"\nmatch = \"m\"\n"), "match is a table"));
  CHECK(says(route_problems("", "[[route]]\nmodel = \"\"\n"), "model must not be empty"));
  CHECK(says(route_problems("", "route = 3\n"), "route is a list of tables"));
  CHECK(says(route_problems("route = 3\n"), "unknown key \"route\""));
}

TEST_CASE("hosts are names, and lead to projects that ask for keys") {
  CHECK(route_problems("[hosts]\n\"LLM.example.com\" = \"team\"\n") == "");
  CHECK(says(route_problems("[hosts]\n\"llm.example.com\" = \"tem\"\n"), "pg.toml:2:21: unknown project \"tem\""));
  CHECK(says(route_problems("[hosts]\n\"https://x\" = \"team\"\n"), "not a host name"));
  CHECK(says(route_problems("[hosts]\n\"x:443\" = \"team\"\n"), "not a host name"));
  CHECK(says(route_problems("[hosts]\n\"x.y\" = \"team\"\n\"X.y\" = \"team\"\n"), "the host \"x.y\" stands here twice"));
  CHECK(says(route_problems("[hosts]\n\"x.y\" = \"team\"\n", "require_key = false\n"),
             "everybody who reaches x.y could use your providers"));
  CHECK(says(route_problems("[serve]\nrequire_key = false\n[hosts]\n\"x.y\" = \"team\"\n"), "everybody who reaches x.y"));
  CHECK(route_problems("[serve]\nrequire_key = false\n[hosts]\n\"x.y\" = \"team\"\n", "require_key = true\n") == "");
}

TEST_CASE("trusted proxies are addresses or networks, and not everybody") {
  CHECK(route_problems("[serve]\ntrusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\", \"2001:db8::/32\"]\n") == "");
  CHECK(says(route_problems("[serve]\ntrusted_proxies = [\"10.0.0.1/8\"]\n"), "must be an IP address or a network"));
  CHECK(says(route_problems("[serve]\ntrusted_proxies = [\"proxy.local\"]\n"), "must be an IP address or a network"));
  CHECK(says(route_problems("[serve]\ntrusted_proxies = [\"0.0.0.0/0\"]\n"), "this is everybody"));
  CHECK(says(route_problems("[serve]\ntrusted_proxies = [\"::/0\"]\n"), "this is everybody"));
}

TEST_CASE("prompt policies have a text without placeholders, and a placement there is") {
  CHECK(says(route_problems("[prompt_policies.house]\nplacement = \"append\"\n"), "prompt policy \"house\" has no text"));
  CHECK(says(route_problems("[prompt_policies.house]\ntext = \" \"\n"), "text must not be empty"));
  CHECK(says(route_problems("[prompt_policies.house]\ntext = \"x\"\nplacement = \"apend\"\n"), "did you mean \"append\"?"));
  CHECK(
      says(route_problems("[prompt_policies.house]\ntext = \"[[EMAIL_001]]\"\n"), "pg.toml:2:8: the text holds what looks like"));
  CHECK(says(route_problems("[prompt_policies.none]\ntext = \"x\"\n"), "and not \"none\""));
  CHECK(says(route_problems("[prompt_policies.house]\ntxt = \"x\"\n"), "did you mean \"text\"?"));
}

TEST_CASE("guards of a provider's row: one word, or a table over the project's own") {
  CHECK(says(route_problems("[providers.ollama]\nguards = \"of\"\n"), "did you mean \"off\"?"));
  CHECK(says(route_problems("[providers.ollama]\nguards = 3\n"), "guards are one action, or a table"));
  CHECK(says(route_problems("[providers.ollama]\nguards = { emial = \"off\" }\n"), "did you mean \"email\"?"));
  SettingsHome home;
  home.config(
      "[providers.ollama]\nguards = \"off\"\n[providers.groq]\nguards = { ssn = \"off\", email = \"block\" }\n"
      "[providers.xai]\nguards = \"off\"\n[[providers.together.guards.custom]]\nname = \"own\"\nregex = \"zz+\"\naction = "
      "\"block\"\n");
  home.project("team",
               "id = \"" + std::string(test::kProjectId) +
                   "\"\nproviders = [\"ollama\", \"together\", \"echo\"]\nfallback = \"groq:x\"\n[[route]]\nprovider = \"xai\"\n"
                   "[guards]\nphone = \"redact\"\n[[guards.custom]]\nname = \"staff\"\nregex = \"E-[0-9]+\"\n");
  std::vector<Problem> problems;
  const auto policy = policy_of(home, problems);
  REQUIRE(policy != nullptr);
  const Project& team = *policy->find_project("team");
  const auto action = [&](const std::string& provider, std::string_view id) -> std::string {
    Provider asked;
    asked.name = provider;
    const Guards& guards = team.guards_at(asked);
    for (std::size_t i = 0; i < guards.rules().size(); ++i)
      if (guards.rules()[i].id == id) return std::string(action_name(guards.action(static_cast<RuleIndex>(i))));
    return "none";
  };
  for (const char* id : {"email", "phone", "custom:staff", "aws-access-key-id"}) CHECK_MESSAGE(action("ollama", id) == "off", id);
  CHECK(action("echo", "email") == "redact");
  CHECK(action("groq", "email") == "block");
  CHECK(action("groq", "ssn") == "off");
  CHECK(action("groq", "phone") == "redact");
  CHECK(action("groq", "custom:staff") == "redact");
  CHECK(action("together", "custom:own") == "block");
  CHECK(action("together", "custom:staff") == "redact");
  CHECK(action("xai", "email") == "off");
  // Same settings, same guards; no two different ones share a verdict.
  CHECK(team.guards_by_provider.at("ollama")->fingerprint() == team.guards_by_provider.at("xai")->fingerprint());
  CHECK(team.guards->fingerprint() != team.guards_by_provider.at("groq")->fingerprint());
  CHECK(team.guards_by_provider.at("ollama")->fingerprint() != team.guards_by_provider.at("groq")->fingerprint());
}

TEST_CASE("a provider's bad rule is shown where it stands") {
  SettingsHome home;
  home.config("[providers.ollama.guards.rules]\n\"aws-acces-key-id\" = \"off\"\n");
  home.project("team", kProjectHead);
  std::vector<Problem> problems;
  CHECK(policy_of(home, problems) == nullptr);
  CHECK(says(problems_text(problems), "pg.toml:2:1: unknown rule \"aws-acces-key-id\""));
  problems.clear();
  check_guards(load_settings(home.options).value(), problems);
  CHECK(says(problems_text(problems), "pg.toml:2:1: unknown rule"));
}

TEST_CASE("guard sets that differ only in how exceptions are shared out have verdicts of their own") {
  const auto made = [](std::map<std::string, std::vector<std::string>> allow) {
    GuardSettings settings;
    settings.allow = std::move(allow);
    return Guards::make(shipped_secret_rules(), settings).value()->fingerprint();
  };
  CHECK(made({{"email", {"|", "iban"}}}) != made({{"email", {}}, {"iban", {}}}));
  CHECK(made({{"email", {"a", "b"}}}) != made({{"email", {"ab"}}}));
}

TEST_CASE("what was read ends up in the policy") {
  SettingsHome home;
  home.set("GROQ_API_KEY", "x");
  home.config(
      "[serve]\ntrusted_proxies = [\"10.0.0.0/8\"]\n[hosts]\n\"LLM.example.com\" = \"team\"\n"
      "[prompt_policies.house]\ntext = \"Hi\"\nplacement = \"append\"\n");
  home.project("team", kProjectHead +
                           "prompt = \"house\"\n[[route]]\nname = \"one\"\nmatch = { model = \"a*\", key = \"ci\" }\n"
                           "provider = \"ollama\"\nmodel = \"m\"\nprompt = \"none\"\nfallback = \"groq:x\"\n");
  std::vector<Problem> problems;
  const auto policy = policy_of(home, problems);
  REQUIRE(policy != nullptr);
  CHECK(policy->reads_arrival);
  CHECK(policy->trusted_proxies.size() == 1);
  CHECK(policy->hosts.at("llm.example.com")->name == "team");
  const Project& team = *policy->find_project("team");
  CHECK(team.prompt->placement == Placement::append);
  REQUIRE(team.routes.size() == 1);
  const Route& route = team.routes[0];
  CHECK(route.name == "one");
  CHECK(route.globs(RouteTest::model) == std::vector<std::string>{"a*"});
  CHECK(route.provider->name == "ollama");
  CHECK(route.model == "m");
  CHECK(route.no_prompt);
  CHECK(route.fallbacks.front().provider->name == "groq");
  CHECK(route.fallbacks.front().model == "x");
  const Settings settings = load_settings(home.options).value();
  CHECK(settings.warnings.empty());
}

TEST_CASE("a rule for a host that no request may name warns") {
  const auto warned = [](std::string_view config, std::string_view host) {
    const SettingsHome home;
    home.config(config);
    home.project("team", kProjectHead + "[[route]]\nmodel = \"x\"\nmatch = { host = " + std::string(host) + " }\n");
    std::string all;
    for (const std::string& warning : load_settings(home.options).value().warnings) all += warning + "\n";
    return all;
  };
  for (const char* admitted : {"\"localhost\"", "\"127.0.0.1\"", "\"[::1]\"", "\"*\"", "\"local*\""})
    CHECK(warned("", admitted) == "");
  CHECK(warned("[serve]\nallowed_hosts = [\"llm.example.com\"]\n", "[\"*.example.com\", \"LLM.example.com\"]") == "");
  CHECK(warned("[hosts]\n\"llm.example.com\" = \"team\"\n", "\"llm.example.com\"") == "");
  CHECK(warned("[serve]\nhost = \"192.0.2.7\"\n", "\"192.0.2.7\"") == "");
  CHECK(says(warned("[hosts]\n\"llm.example.com\" = \"team\"\n", "\"lm.example.com\""),
             "team.toml:5:18: \"route 1\": no request may name the host \"lm.example.com\"; did you mean \"llm.example.com\"?"));
  CHECK(says(warned("", "[\"localhost\", \"gateway.corp\"]"),
             "no request may name the host \"gateway.corp\"; add it to serve.allowed_hosts or [hosts]"));
}

TEST_CASE("a rule whose fallback is its own provider and model warns") {
  const auto warned = [](std::string_view lines) {
    SettingsHome home;
    home.project("team", kProjectHead + "[[route]]\nprovider = \"ollama\"\n" + std::string(lines));
    std::string all;
    for (const std::string& warning : load_settings(home.options).value().warnings) all += warning + "\n";
    return all;
  };
  CHECK(warned("fallback = \"ollama:x\"\n") == "");
  CHECK(warned("model = \"m\"\nfallback = \"ollama\"\n") == "");
  for (const char* lines : {"fallback = \"ollama\"\n", "fallback = \"ollama:m\"\nmodel = \"m\"\n"})
    CHECK(says(warned(lines), "team.toml:5:12: \"route 1\": fallback \"ollama"));
}

TEST_CASE("a rule that takes every call hides those behind it") {
  SettingsHome home;
  home.project("team", kProjectHead + "[[route]]\nmodel = \"x\"\n[[route]]\nmodel = \"y\"\n");
  const Settings settings = load_settings(home.options).value();
  REQUIRE(settings.warnings.size() == 1);
  CHECK(settings.warnings[0].find("team.toml:3:1: \"route 1\" takes every call") != std::string::npos);
}
