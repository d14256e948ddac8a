// What users read when an endpoint is wrong, and what a sound one becomes.
#include "config/read_endpoints.h"

#include <doctest/doctest.h>

#include "config/build_endpoint.h"
#include "config/load.h"
#include "config/settings_diff.h"
#include "config/show.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

const std::string kGatewayHead = "id = \"" + std::string(test::kProjectId) + "\"\ntype = \"gateway\"\nproviders = [\"ollama\"]\n";

std::string endpoint_problems(const std::string& project) {
  const SettingsHome home;
  home.project("tools", kGatewayHead + project);
  return problems_text(read_settings(home.options).problems);
}
std::string of_endpoint(const std::string& rows) {
  return endpoint_problems("[endpoints.a]\nmodel = \"ollama:m\"\nprompt = \"{{text}}\"\n" + rows);
}
bool tells(const std::string& all, std::string_view part) {
  return all.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an endpoint with everything is read, built, and shown with its origins") {
  const SettingsHome home;
  home.dir.write(".config/promptgate/projects/out.json", R"({"type":"object","required":["name"]})");
  home.project("tools", kGatewayHead + R"(
[endpoints.sum]
description = "Sums up"
model = "ollama:llama3:8b"
fallback = ["echo"]
system = "Be brief."
prompt = """
Sum up:
{{text}}"""
max_output_tokens = 200
temperature = 0.25
effort = "low"
output_retries = 2
session = "30m"
output = "out.json"
[endpoints.sum.input]
type = "object"
properties.text = { type = "string", maxLength = 9 }
properties.share = { minimum = 0.5 }
required = ["text"]
[endpoints.sum.limits]
rpm = 5
budget = "20 USD"
)");
  const Settings settings = load_settings(home.options).value();
  const EndpointSettings& row = settings.projects.at("tools").endpoints.at("sum");
  CHECK(row.limits.rate.rpm == 5);
  CHECK(row.limits.budget == 20'000'000'000);
  const Endpoint endpoint = build_endpoint(row, {{"llama", "openai:gpt-5"}});
  CHECK(endpoint.temperature == "0.25");
  CHECK(endpoint.session_for == Millis{1'800'000});
  CHECK(endpoint.output->text() == R"({"type":"object","required":["name"]})");
  CHECK(endpoint.input->find_flaws(R"({"text":"0123456789","share":0.4})").size() == 2);
  CHECK(endpoint.prompt.variables().size() == 1);
  bool shown = false;
  for (const ShownSetting& setting : show_settings(settings))
    if (setting.key == "projects.tools.endpoints.sum.limits.rpm")
      shown = setting.value == "5" && tells(setting.origin, "tools.toml:");
  CHECK(shown);
}

TEST_CASE("OpenAI's own models are told the room for the output in the newer word, by any name") {
  const std::map<std::string, std::string> aliases = {{"fast", "openai:gpt-4o-mini"}, {"local", "ollama:llama3:8b"}};
  for (const auto& [model, newer] : {std::pair("openai:gpt-5", true),
                                     {"gpt-4o", true},
                                     {"azure:gpt-4o", true},
                                     {"fast", true},
                                     {"local", false},
                                     {"ollama:llama3:8b", false},
                                     {"anthropic:claude-haiku-4-5", false}}) {
    EndpointSettings settings;
    settings.model = model;
    CHECK(build_endpoint(settings, aliases).newer_word == newer);
  }
}

TEST_CASE("a mistake in an endpoint is told where it stands") {
  CHECK(of_endpoint("").empty());
  CHECK(tells(of_endpoint("promt = \"x\"\n"), "unknown key \"promt\""));
  CHECK(tells(of_endpoint("promt = \"x\"\n"), "did you mean \"prompt\"?"));
  CHECK(tells(of_endpoint("system = \"a {{b\"\n"), "tools.toml:7:10: this \"{{\" has no \"}}\""));
  CHECK(tells(of_endpoint("temperature = 3\n"), "temperature is a number from 0 to 2"));
  CHECK(tells(of_endpoint("temperature = \"hot\"\n"), "temperature is a number from 0 to 2"));
  CHECK(tells(of_endpoint("effort = \"much\"\n"), "effort must be"));
  CHECK(tells(of_endpoint("output_retries = 9\n"), "output_retries"));
  CHECK(tells(of_endpoint("output = { type = \"strin\" }\n"), "the schema: /type: the types are"));
  CHECK(tells(of_endpoint("output = { default = 2026-01-01 }\n"), "output is a JSON Schema"));
  CHECK(tells(of_endpoint("output = '{\"minLenght\":1}'\n"), "did you mean \"minLength\"?"));
  CHECK(tells(of_endpoint("output = \"nowhere.json\"\n"), "nowhere.json"));
  CHECK(tells(of_endpoint("limits.rmp = 3\n"), "did you mean \"rpm\"?"));
  CHECK(tells(endpoint_problems("[endpoints.a]\nprompt = \"x\"\n"), "the endpoint has no model"));
  CHECK(tells(endpoint_problems("[endpoints.a]\nmodel = \"m\"\n"), "the endpoint has no prompt"));
  CHECK(tells(endpoint_problems("[endpoints.\"A b\"]\nmodel = \"m\"\nprompt = \"x\"\n"), "an endpoint's name is"));
  CHECK(tells(endpoint_problems("endpoints = 3\n"), "endpoints is a table"));
}

TEST_CASE("what an endpoint names must be there") {
  CHECK(tells(endpoint_problems("[endpoints.a]\nmodel = \"openai:gpt-4o\"\nprompt = \"x\"\n"),
              "the project does not use provider \"openai\""));
  CHECK(tells(of_endpoint("fallback = \"olama:x\"\n"), "did you mean \"ollama\"?"));
  const SettingsHome home;
  home.simple_project("plain", "[endpoints.a]\nmodel = \"m\"\nprompt = \"x\"\n");
  CHECK(tells(problems_text(read_settings(home.options).problems), "endpoints stand in a project of type \"gateway\""));
  const SettingsHome empty;
  empty.project("tools", kGatewayHead);
  CHECK(tells(load_settings(empty.options).value().warnings.front(), "a gateway without endpoints answers nothing"));
}

TEST_CASE("prompts stay out of the audit log, and a schema's file is watched") {
  const SettingsHome home;
  home.project("tools", kGatewayHead + "[endpoints.a]\nmodel = \"m\"\nprompt = \"first\"\n");
  const Settings before = load_settings(home.options).value();
  home.dir.write(".config/promptgate/projects/in.json", "{}");
  home.project("tools", kGatewayHead + "[endpoints.a]\nmodel = \"m\"\nprompt = \"second\"\ninput = \"in.json\"\n");
  const Settings after = load_settings(home.options).value();
  const std::string detail = diff_settings(before, after).detail;
  CHECK(tells(detail, "endpoints.a.prompt changed"));
  CHECK(!tells(detail, "second"));
  bool watched = false;
  for (const auto& stamp : after.stamps) watched = watched || stamp.first.ends_with("/in.json");
  CHECK(watched);
}
