#include "config/outlets.h"

#include <doctest/doctest.h>

#include "config/build_policy.h"
#include "config/load.h"
#include "config/providers.h"
#include "config/validate.h"
#include "core/base/aws_sign.h"
#include "core/base/service_account.h"
#include "tests/support/cloud.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

// "DIALECT URL FORM AUTH VENDOR" of each outlet, by lines.
std::string outlets_of(const std::string& row) {
  const Settings settings = read_settings_text("[providers.x]\n" + row, "pg.toml").settings;
  Provider provider;
  add_outlets(find_provider_row(settings, "x").value(), provider);
  std::string out;
  for (const Outlet& outlet : provider.outlets)
    out += std::string(dialect(outlet.dialect).name) + " " + outlet.base.text() + " " +
           std::to_string(static_cast<int>(outlet.form)) + " " + std::to_string(static_cast<int>(outlet.auth)) + " " +
           outlet.vendor + "\n";
  return out;
}

std::string problems_of(std::string_view text) {
  return problems_text(read_settings_text(text, "f").problems);
}

bool complains_of(std::string_view text, std::string_view words) {
  const std::string problems = problems_of(text);
  INFO(problems);
  return problems.find(words) != std::string::npos;
}

std::shared_ptr<const Provider> provider_of(const SettingsHome& home, const std::string& name) {
  PolicyParts parts;
  parts.environment = *home.options.environment;
  return build_provider(load_settings(home.options).value(), parts, name);
}

}  // namespace

TEST_CASE("outlets: each kind of base URL has its dialect, its path and its way to authenticate") {
  CHECK(outlets_of("credential = \"env:K\"\ngemini_base_url = \"https://g.example/v1beta\"\ncohere_base_url = "
                   "\"https://c.example/v2\"\n") == "gemini https://g.example/v1beta 0 4 \ncohere https://c.example/v2 0 1 \n");
  CHECK(outlets_of("credential = \"env:K\"\nauth = \"bearer\"\ngemini_base_url = \"https://g.example/v1beta\"\n") ==
        "gemini https://g.example/v1beta 0 1 \n");
  CHECK(outlets_of("credential = \"none\"\ngemini_base_url = \"https://g.example/v1beta\"\n") ==
        "gemini https://g.example/v1beta 0 0 \n");
  for (const char* url : {"https://r.example", "https://r.example/", "https://r.example/openai", "https://r.example/openai/v1"})
    CHECK(outlets_of("credential = \"env:K\"\nazure_base_url = \"" + std::string(url) + "\"\n") ==
          "openai-chat https://r.example/openai/v1 0 5 \nopenai-responses https://r.example/openai/v1 0 5 \n");
  const std::string classic = "credential = \"env:K\"\napi_version = \"2024-10-21\"\nazure_base_url = \"https://r.example\"\n";
  CHECK(outlets_of(classic) == "openai-chat https://r.example/openai?api-version=2024-10-21 1 5 \n");
  CHECK(outlets_of(classic + "responses = true\n") ==
        "openai-chat https://r.example/openai?api-version=2024-10-21 1 5 \n"
        "openai-responses https://r.example/openai/v1 0 5 \n");
  CHECK(outlets_of("credential = \"env:K\"\nvertex_base_url = \"https://v.example/v1/projects/p/locations/l\"\n") ==
        "gemini https://v.example/v1/projects/p/locations/l/publishers/google 0 7 gemini\n"
        "anthropic https://v.example/v1/projects/p/locations/l/publishers/anthropic 2 7 anthropic\n");
  CHECK(outlets_of("credential = \"env:K\"\nregion = \"eu-west-1\"\n") ==
        "anthropic https://bedrock-runtime.eu-west-1.amazonaws.com 3 6 anthropic\n");
  CHECK(outlets_of("credential = \"env:K\"\nauth = \"bearer\"\nbedrock_base_url = \"https://b.example\"\nregion = \"r-1\"\n") ==
        "anthropic https://b.example 3 1 anthropic\n");
}

TEST_CASE("outlets: mistakes in a cloud's row are told with their place and the way out") {
  CHECK(complains_of("[providers.x]\nvertex_base_url = \"https://v.example/v1\"\n", "f:2:19: vertex_base_url names the project"));
  CHECK(complains_of("[providers.x]\nregion = \"US East\"\n", "region must be the name of an AWS region"));
  CHECK(
      complains_of("[providers.x]\nazure_base_url = \"https://r.example\"\napi_version = \"2024 10\"\n", "api_version must be"));
  CHECK(complains_of("[providers.x]\nopenai_base_url = \"https://r.example\"\napi_version = \"2024-10-21\"\n",
                     "f:3:15: api_version is for"));
  CHECK(complains_of("[providers.x]\nbedrock_base_url = \"https://b.example\"\n", "the region to sign for is unknown"));
  CHECK(problems_of("[providers.x]\nbedrock_base_url = \"https://bedrock-runtime.us-west-2.amazonaws.com\"\n") == "");
  CHECK(complains_of("[providers.x]\nregion = \"us-east-1\"\nopenai_base_url = \"https://r.example\"\n",
                     "mixes a cloud with another"));
  CHECK(complains_of("[providers.x]\nopenai_base_url = \"https://r.example\"\nauth = \"sigv4\"\n",
                     "auth = \"sigv4\" is for region"));
  CHECK(complains_of("[providers.x]\nauth = \"sigv\"\n", "did you mean \"sigv4\"?"));
  CHECK(complains_of("[providers.azure]\nmodels = []\n", "set azure_base_url"));
  CHECK(complains_of("[providers.x]\nopenai_base_url = \"https://r.example\"\nmax_output_tokens = -1\n",
                     "max_output_tokens must be"));
  CHECK(complains_of("[providers.x]\nopenai_base_url = \"https://r.example\"\nmodel_names = { \"a\" = \"\" }\n",
                     "a model has a name"));
  CHECK(complains_of("[providers.x]\nopenai_base_url = \"https://r.example\"\nmodel_name = { \"a\" = \"b\" }\n",
                     "did you mean \"model_names\"?"));
  const SettingsHome home;
  home.project("p", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"bedrock\"]\n");
  const Loaded loaded = read_settings(home.options);
  CHECK(problems_text(loaded.problems).find("provider \"bedrock\" leads nowhere yet") != std::string::npos);
  CHECK(problems_text(loaded.problems).find("[providers.bedrock], set region") != std::string::npos);
}

TEST_CASE("outlets: AWS keys come from the environment's family, a file of AWS's tools, or one line") {
  SettingsHome home;
  home.config("[providers.bedrock]\nregion = \"us-east-1\"\n");
  CHECK(provider_of(home, "bedrock")->credential_problem == "environment variable AWS_ACCESS_KEY_ID is not set");
  home.set("AWS_ACCESS_KEY_ID", "ID");
  CHECK(provider_of(home, "bedrock")->credential_problem == "environment variable AWS_SECRET_ACCESS_KEY is not set");
  home.set("AWS_SECRET_ACCESS_KEY", "se/cret");
  CHECK(provider_of(home, "bedrock")->aws->key_id == "ID");
  CHECK(provider_of(home, "bedrock")->aws->secret.reveal() == "se/cret");
  CHECK(provider_of(home, "bedrock")->aws->session_token.empty());
  CHECK(provider_of(home, "bedrock")->aws->region == "us-east-1");
  CHECK(provider_of(home, "bedrock")->credential.empty());
  home.set("AWS_SESSION_TOKEN", "tok");
  CHECK(provider_of(home, "bedrock")->aws->session_token.reveal() == "tok");
  home.config("[providers.bedrock]\nregion = \"us-east-1\"\ncredential = \"file:aws\"\n");
  home.dir.write(".config/promptgate/aws", "[default]\naws_access_key_id = F\naws_secret_access_key = s\n");
  CHECK(provider_of(home, "bedrock")->aws->key_id == "F");
  home.dir.write(".config/promptgate/aws", "nothing");
  CHECK(provider_of(home, "bedrock")->credential_problem == "the credential from file:aws: the AWS credentials cannot be read");
}

TEST_CASE("outlets: a service account is a file, or a variable with its path or its text") {
  SettingsHome home;
  const std::string json = test::service_account_json("https://oauth2.example/token");
  home.config("[providers.vertex]\nvertex_base_url = \"https://v.example/v1/projects/p/locations/l\"\n");
  const std::string path = home.dir.write("sa.json", json);
  home.set("GOOGLE_APPLICATION_CREDENTIALS", path);
  REQUIRE(provider_of(home, "vertex")->google != nullptr);
  CHECK(provider_of(home, "vertex")->google->email == "pg@p-1.iam.gserviceaccount.com");
  home.set("GOOGLE_APPLICATION_CREDENTIALS", json);
  CHECK(provider_of(home, "vertex")->google != nullptr);
  home.set("GOOGLE_APPLICATION_CREDENTIALS", "{\"type\":\"authorized_user\"}");
  CHECK(provider_of(home, "vertex")->google == nullptr);
  CHECK(provider_of(home, "vertex")->credential_problem.find("not one of a service account") != std::string::npos);
  home.set("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/sa.json");
  CHECK(provider_of(home, "vertex")->credential_problem.find("no such file") != std::string::npos);
  CHECK(build_provider(load_settings(home.options).value(), {}, "nobody") == nullptr);
}
