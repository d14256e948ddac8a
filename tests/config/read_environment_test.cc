#include "config/read_environment.h"

#include <doctest/doctest.h>

using namespace pg;

namespace {

Loaded read_variables(const Environment& environment) {
  Loaded loaded;
  read_environment(environment, loaded);
  return loaded;
}

}  // namespace

TEST_CASE("every key has its variable") {
  CHECK(variable_of("serve.port") == "PG_SERVE_PORT");
  CHECK(variable_of("providers.my-gateway.openai_base_url") == "PG_PROVIDERS_MY_GATEWAY_OPENAI_BASE_URL");
  const Loaded loaded = read_variables({{"PG_SERVE_ALLOWED_HOSTS", "a.example, b.example"},
                                        {"PG_GUARDS_EMAIL", "block"},
                                        {"PG_LIMITS_MAX_BODY", "1MiB"},
                                        {"PG_DATABASE", "/x"},
                                        {"PG_PROVIDERS_OPENAI_OPENAI_BASE_URL", "http://127.0.0.1:1/v1"},
                                        {"PG_PROVIDERS_OPENAI_MODELS", "gpt-*,o*"}});
  CHECK(loaded.problems.empty());
  CHECK(loaded.settings.warnings.empty());
  CHECK(loaded.settings.serve.allowed_hosts == std::vector<std::string>{"a.example", "b.example"});
  CHECK(loaded.settings.guards.email == Action::block);
  CHECK(loaded.settings.limits.max_body == 1u << 20);
  CHECK(loaded.settings.database == "/x");
  CHECK(loaded.settings.providers.at("openai").openai_base_url == "http://127.0.0.1:1/v1");
  CHECK(loaded.settings.providers.at("openai").models == std::vector<std::string>{"gpt-*", "o*"});
  CHECK(loaded.settings.origins.at("guards.email") == "env PG_GUARDS_EMAIL");
  CHECK(loaded.settings.origins.at("providers.openai.models") == "env PG_PROVIDERS_OPENAI_MODELS");
}

TEST_CASE("an unknown variable warns once, with what was meant; ours and PostgreSQL's do not") {
  const Loaded loaded = read_variables({{"PG_SERVE_PROT", "1"},
                                        {"PG_WHATEVER_ELSE", "1"},
                                        {"PG_APP_KEY", "x"},
                                        {"PG_CONFIG", "x"},
                                        {"PG_KEY", "x"},
                                        {"PG_SEED", "x"},
                                        {"PG_COLOR", "always"},
                                        {"PG_MAJOR", "16"},
                                        {"PG_SERVE_HOST", ""},
                                        {"PGHOST", "x"},
                                        {"PG", "x"}});
  CHECK(loaded.problems.empty());
  CHECK(loaded.settings.warnings == std::vector<std::string>{"PG_SERVE_PROT is not a setting, did you mean PG_SERVE_PORT?",
                                                             "PG_WHATEVER_ELSE is not a setting and is ignored"});
}

TEST_CASE("a bad value is shown in place; a credential in one is not") {
  CHECK(problems_text(read_variables({{"PG_SERVE_PORT", "abc"}}).problems) ==
        "PG_SERVE_PORT: port must be a whole number from 0 to 65535\n"
        "  PG_SERVE_PORT=abc\n"
        "                ^~~");
  const std::string secret = "sk-" + std::string("abcdefghij1234567890");
  const std::string text = problems_text(read_variables({{"PG_PROVIDERS_OPENAI_CREDENTIAL", secret}}).problems);
  CHECK(text.find("a credential must not stand in a settings file") != std::string::npos);
  CHECK(text.find("abcdefghij") == std::string::npos);
}

TEST_CASE("flags set known keys only") {
  Loaded loaded;
  read_flags({{"serve.port", "9"}, {"serve.prot", "9"}, {"serve.threads", "x"}}, loaded);
  CHECK(loaded.settings.serve.port == 9);
  REQUIRE(loaded.problems.size() == 2);
  CHECK(problem_text(loaded.problems[0]) == "flag serve.prot: no such setting");
  CHECK(problem_text(loaded.problems[1]) == "flag serve.threads: threads must be a whole number from 0 to 256");
}
