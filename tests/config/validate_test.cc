#include "config/validate.h"

#include <doctest/doctest.h>

#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

TEST_CASE("loopback is this machine, however it is written") {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) CHECK_MESSAGE(is_loopback_host(host), host);
  for (const char* host : {"0.0.0.0", "::", "192.168.1.1", "localhost.evil.example", "127.0.0.1.nip.io", ""})
    CHECK_MESSAGE(!is_loopback_host(host), host);
}

TEST_CASE("rows that lead nowhere, a rebuilt echo and a missing CA file are problems") {
  const auto said = [](std::string_view text) { return problems_text(read_settings_text(text, "f").problems); };
  CHECK(said("[providers.x]\ncredential = \"none\"\n").find("provider \"x\" leads nowhere") != std::string::npos);
  CHECK(said("[providers.x]\nenabled = false\n") == "");
  CHECK(said("[providers.echo]\nopenai_base_url = \"http://127.0.0.1/v1\"\n").find("echo lives inside pg") != std::string::npos);
  CHECK(said("[providers.openai]\nca_file = \"/nonexistent/ca.pem\"\n").find("f:2:11: no such file") != std::string::npos);
}

TEST_CASE("a CA file is looked for where it will be opened: beside pg.toml") {
  const SettingsHome home;
  home.config("[providers.openai]\nca_file = \"ca.pem\"\n");
  CHECK(problems_text(read_settings(home.options).problems).find("no such file") != std::string::npos);
  home.dir.write(".config/promptgate/ca.pem", "x");
  CHECK(problems_text(read_settings(home.options).problems) == "");
}

TEST_CASE("a CA file without a certificate in it warns before the first call fails") {
  const SettingsHome home;
  const auto warns = [&](std::string_view text) {
    home.dir.write(".config/promptgate/ca.pem", text);
    std::string all;
    for (const std::string& warning : read_settings(home.options).settings.warnings) all += warning + "\n";
    return all.find("ca.pem: there is no certificate in it") != std::string::npos;
  };
  home.config("[providers.ollama]\nca_file = \"ca.pem\"\n");
  home.project("p", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"ollama\"]\n");
  CHECK(warns("not a certificate\n"));
  CHECK_FALSE(warns("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
}

TEST_CASE("a disabled provider that a project needs says where it was disabled") {
  const SettingsHome home;
  home.config("[providers.openai]\nenabled = false\n");
  home.project("p", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"openai\"]\n");
  const Loaded loaded = read_settings(home.options);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].message == "disabled provider \"openai\"");
  CHECK(loaded.problems[0].hint.find("pg.toml:1") != std::string::npos);
}

TEST_CASE("aliases and fallbacks must lead to providers that may serve them") {
  const auto said = [](std::string_view lines) {
    const SettingsHome home;
    home.config(
        "[providers.own]\nanthropic_base_url = \"https://api.anthropic.com/v1\"\nvendor = \"anthropic\"\ncredential = "
        "\"client\"\n");
    home.project("p", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"openai\"]\n" + std::string(lines));
    return problems_text(read_settings(home.options).problems);
  };
  CHECK(said("fallback = \"groq:llama\"\n[aliases]\nfast = \"openai:x\"\nbig = \"llama3:8b\"\n") == "");
  CHECK(said("[aliases]\nfast = \"groq:x\"\n").find("p.toml:4:8: alias \"fast\": the project does not use provider \"groq\"") !=
        std::string::npos);
  CHECK(said("[aliases]\nfast = 3\n").find("p.toml:4:8: fast must be a text in quotes") != std::string::npos);
  CHECK(said("[aliases]\nfast = \"\"\n").find("an alias names a model") != std::string::npos);
  CHECK(said("fallback = \"grok\"\n").find("p.toml:3:12: fallback: unknown provider \"grok\"") != std::string::npos);
  CHECK(said("fallback = \"own\"\n").find("a fallback needs a credential of its own") != std::string::npos);
}

TEST_CASE("an alias that cannot mean what it says is a problem, one that hardly does a warning") {
  const auto said = [](std::string_view aliases) {
    const SettingsHome home;
    home.config("[providers.off]\nopenai_base_url = \"http://127.0.0.1/v1\"\ncredential = \"none\"\nenabled = false\n");
    home.project("p",
                 "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"ollama\"]\n[aliases]\n" + std::string(aliases));
    const Loaded loaded = read_settings(home.options);
    std::string all = problems_text(loaded.problems);
    for (const std::string& warning : loaded.settings.warnings) all += "warning: " + warning + "\n";
    return all;
  };
  CHECK(said("x = \"ollama:llama3:8b\"\ny = \"llama3:8b\"\n\"gpt-4o\" = \"gpt-4o\"\n") == "");
  CHECK(said("x = \"ollama:\"\n").find("p.toml:4:5: alias \"x\" names a provider and no model") != std::string::npos);
  CHECK(said("x = \"off:m\"\n").find("it is disabled: enabled = false in ") != std::string::npos);
  CHECK(said("x = \"olama:m\"\n").find("warning: ") != std::string::npos);
  CHECK(said("x = \"olama:m\"\n").find("p.toml:4:5: alias \"x\": there is no provider \"olama\"") != std::string::npos);
  CHECK(said("x = \"olama:m\"\n").find("did you mean \"ollama\"?") != std::string::npos);
  CHECK(said("x = \"y\"\ny = \"x\"\n").find("alias \"x\": \"y\" is an alias itself") != std::string::npos);
}

TEST_CASE("a fallback that helps nobody warns") {
  const auto said = [](std::string_view lines) {
    SettingsHome home;
    home.set("OPENAI_API_KEY", "made-up");
    home.project("p", "id = \"" + std::string(test::kProjectId) + "\"\n" + std::string(lines));
    std::string all;
    for (const std::string& warning : load_settings(home.options).value().warnings) all += warning + "\n";
    return all;
  };
  const std::string alone = "providers = [\"openai\"]\n";
  CHECK(said(alone + "fallback = [\"openai:gpt-4o-mini\", \"ollama\", \"ollama:x\"]\n") == "");
  CHECK(said("providers = [\"openai\", \"ollama\"]\nfallback = [\"openai\", \"ollama\"]\n") == "");
  const std::string itself =
      "p.toml:3:12: fallback \"openai\" is the provider itself, which is not asked for the same model again: name another, or "
      "\"openai:MODEL\"";
  CHECK_MESSAGE(said(alone + "fallback = \"openai\"\n").find(itself) != std::string::npos,
                said(alone + "fallback = \"openai\"\n"));
  CHECK(said(alone + "fallback = [\"ollama\", \"openai\"]\n").find("is the provider itself") != std::string::npos);
  CHECK(said(alone + "fallback = \"openai\"\n[[route]]\nmatch = { key = \"ci\" }\nprovider = \"ollama\"\n") == "");
  CHECK(said(alone + "fallback = \"openai\"\n[[route]]\nmodel = \"gpt-4o\"\n") == "");
  CHECK(said(alone + "fallback = \"openai\"\n[[route]]\nprovider = \"ollama\"\nfallback = \"openai\"\n")
            .find("is the provider itself") != std::string::npos);
  CHECK(said(alone + "fallback = [\"ollama:x\", \"ollama\", \"ollama:x\"]\n")
            .find("p.toml:3:12: fallback names \"ollama:x\" twice: once is enough") != std::string::npos);
}

TEST_CASE("a breaker that opens for longer than its longest time warns") {
  const auto said = [](std::string_view lines) {
    SettingsHome home;
    home.config("[providers.openai]\n" + std::string(lines));
    std::string all;
    for (const std::string& warning : load_settings(home.options).value().warnings) all += warning + "\n";
    return all;
  };
  CHECK(said("breaker_open = \"2m\"\n") == "");
  CHECK(said("breaker_open = \"1h\"\nbreaker_open_at_most = \"1h\"\n") == "");
  CHECK(said("breaker_open = \"5m\"\n")
            .find("pg.toml:2:16: breaker_open (5m) is longer than breaker_open_at_most (2m): raise "
                  "breaker_open_at_most, too") != std::string::npos);
  CHECK(said("breaker_open = \"9s\"\nbreaker_open_at_most = \"3s\"\n").find("pg.toml:2:16: breaker_open (9s) is longer") !=
        std::string::npos);
  CHECK(said("breaker_open_at_most = \"3s\"\n").find("pg.toml:2:24: breaker_open (5s) is longer") != std::string::npos);
  CHECK(said("breaker_open = \"5m\"\nenabled = false\n") == "");
}

TEST_CASE("missing credentials and open wires warn, for providers in use only") {
  SettingsHome home;
  home.config(
      "[providers.far]\nopenai_base_url = \"http://far.example/v1\"\ncredential = \"env:FAR_KEY\"\n"
      "[providers.file]\nopenai_base_url = \"https://f.example/v1\"\ncredential = \"file:missing.key\"\n");
  home.project("p", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"far\", \"file\", \"echo\", \"ollama\"]\n");
  const Settings settings = load_settings(home.options).value();
  CHECK(settings.warnings ==
        std::vector<std::string>{"provider far: environment variable FAR_KEY is not set",
                                 "provider far: the credential travels unencrypted to far.example",
                                 "provider file: " + home.dir.file(".config/promptgate/missing.key") + ": no such file"});
}

TEST_CASE("a fallback is in use, too: its missing credential warns before it is needed") {
  SettingsHome home;
  home.project("p", "id = \"" + std::string(test::kProjectId) +
                        "\"\nproviders = [\"ollama\"]\nfallback = \"groq:x\"\n[[route]]\nfallback = \"xai\"\n");
  CHECK(load_settings(home.options).value().warnings ==
        std::vector<std::string>{"provider groq: environment variable GROQ_API_KEY is not set",
                                 "provider xai: environment variable XAI_API_KEY is not set"});
}
