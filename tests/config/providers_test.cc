#include "config/providers.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "config/load.h"
#include "config/validate.h"
#include "core/base/url.h"
#include "tests/support/result.h"

using namespace pg;

TEST_CASE("every shipped row is well formed") {
  const ProviderRows& rows = shipped_providers();
  REQUIRE(rows.size() >= 11);
  for (const char* name : {"echo", "anthropic", "openai", "groq", "mistral", "together", "deepseek", "openrouter", "xai",
                           "fireworks", "ollama", "cohere", "gemini", "azure", "bedrock", "vertex"})
    CHECK_MESSAGE(rows.count(name) == 1, name);
  for (const auto& [name, row] : rows) {
    CAPTURE(name);
    // Azure has OpenAI's models. Gemini's two APIs want the key in different fields.
    CHECK(row.vendor == (name == "azure" ? "openai" : name));
    REQUIRE(row.credential);
    CHECK(row.auth.has_value() == (name != "gemini"));
    CHECK((*row.credential == "none") == (row.auth == "none"));
    const bool has_no_home = name == "echo" || name == "azure" || name == "bedrock" || name == "vertex";
    CHECK(has_no_home == base_urls(row).empty());
    for (const std::string& text : base_urls(row)) {
      const auto url = parse_url(text);
      REQUIRE(url);
      // Over the open network only encrypted.
      CHECK((url.value().tls || is_loopback_host(url.value().host)));
      // The version is part of the base.
      CHECK((url.value().path.find("/v1") != std::string::npos || url.value().path == "/v2"));
      CHECK_FALSE(url.value().path.ends_with('/'));
    }
  }
}

TEST_CASE("a user's row changes what it names, adds what is new, or hides") {
  const Settings settings =
      read_settings_text(
          "[providers.openai]\nopenai_base_url = \"https://eu.example/v1\"\nidle_timeout = \"1m\"\n"
          "[providers.mine]\nanthropic_base_url = \"https://mine.example/v1\"\n[providers.groq]\nenabled = false\n",
          "pg.toml")
          .settings;
  const ProviderSettings openai = find_provider_row(settings, "openai").value();
  CHECK(openai.openai_base_url == "https://eu.example/v1");
  CHECK(openai.credential == "env:OPENAI_API_KEY");
  CHECK(openai.auth == "bearer");
  CHECK(openai.idle_timeout == Millis(60'000));
  const ProviderSettings mine = find_provider_row(settings, "mine").value();
  CHECK(mine.vendor == "mine");
  CHECK_FALSE(mine.credential.has_value());
  CHECK_FALSE(find_provider_row(settings, "groq"));
  CHECK_FALSE(find_provider_row(settings, "nobody"));
  const auto names = provider_names(settings);
  CHECK(std::count(names.begin(), names.end(), "mine") == 1);
  CHECK(std::count(names.begin(), names.end(), "groq") == 0);
  CHECK(std::is_sorted(names.begin(), names.end()));
}

TEST_CASE("an Azure row has OpenAI's models, whatever it is called") {
  const Settings settings = read_settings_text(
                                "[providers.az]\nazure_base_url = \"https://r.example\"\n"
                                "[providers.mine]\nazure_base_url = \"https://r.example\"\nvendor = \"azure\"\n"
                                "[providers.local]\nopenai_base_url = \"http://127.0.0.1:9/v1\"\n",
                                "pg.toml")
                                .settings;
  for (const char* name : {"az", "mine"}) CHECK(find_provider_row(settings, name)->vendor == "openai");
  CHECK_FALSE(names_models_freely(*find_provider_row(settings, "az")));
  for (const char* name : {"local", "ollama", "echo"}) CHECK(names_models_freely(*find_provider_row(settings, name)));
  CHECK_FALSE(names_models_freely(*find_provider_row(settings, "xai")));
  const std::vector<std::string> outside = outsiders_of(settings, {"anthropic", "az"});
  CHECK(std::find(outside.begin(), outside.end(), "xai") != outside.end());
  CHECK(std::find(outside.begin(), outside.end(), "local") != outside.end());
  CHECK(std::find(outside.begin(), outside.end(), "az") == outside.end());
}
