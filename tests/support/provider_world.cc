// Credentials as files, because the environment is fixed when the server starts.
#include "tests/support/provider_world.h"

#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/cloud.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr const char* kProjects[] = {"gemini-native", "gemini-both", "cohere-native", "azure-v1", "azure-classic", "vertexed",
                                     "bedrocked",     "bedrock-key", "mistralled",    "ollamaed", "capped",        "capped-chat"};

std::string settings() {
  const std::string key = "credential = \"env:FAKE_KEY\"\n";
  return "[providers.gemini-native]\nvendor = \"gemini\"\ngemini_base_url = \"@UPbeta\"\n" + key +
         "[providers.gemini-both]\nvendor = \"gemini\"\nopenai_base_url = \"@UPbeta/openai\"\nresponses = false\n"
         "gemini_base_url = \"@UPbeta\"\n" +
         key + "[providers.cohere-native]\nvendor = \"cohere\"\ncohere_base_url = \"@RAW/v2\"\n" + key +
         "[providers.azure-v1]\nvendor = \"openai\"\nazure_base_url = \"@RAW\"\n" + key +
         "[providers.azure-v1.model_names]\n\"gpt-4o\" = \"my 4o\"\n"
         "[providers.azure-classic]\nvendor = \"openai\"\nazure_base_url = \"@RAW/\"\napi_version = \"2024-10-21\"\n" +
         key +
         "[providers.azure-classic.model_names]\n\"gpt-4o\" = \"my 4o\"\n"
         "[providers.vertexed]\nvertex_base_url = \"@UP/projects/p-1/locations/us-east5\"\ncredential = \"file:sa.json\"\n"
         "[providers.bedrocked]\nbedrock_base_url = \"@RAW\"\nregion = \"us-east-1\"\ncredential = \"file:aws.ini\"\n"
         "[providers.bedrock-key]\nbedrock_base_url = \"@RAW\"\nregion = \"us-east-1\"\nauth = \"bearer\"\n" +
         key + "[providers.mistralled]\nvendor = \"mistral\"\nopenai_base_url = \"@UP\"\nresponses = false\n" + key +
         "[providers.ollamaed]\nvendor = \"ollama\"\nopenai_base_url = \"@RAW/api\"\nresponses = false\n" + key +
         "[providers.capped]\nanthropic_base_url = \"@UP\"\nmax_output_tokens = 50\n" + key +
         "[providers.capped-chat]\nopenai_base_url = \"@UP\"\nresponses = false\nmax_output_tokens = 50\n" + key;
}

}  // namespace

ProviderWorld::ProviderWorld() : World(kRedactAll, "") {
  const std::string raw = "http://127.0.0.1:" + std::to_string(upstream.port());
  std::string text = replace_all(replace_all(settings(), "@UP", raw + "/v1"), "@RAW", raw);
  const std::filesystem::path config(home.config_file());
  home.write(config.parent_path() / "sa.json", service_account_json(raw + "/token"));
  home.write(config.parent_path() / "aws.ini",
             "[default]\naws_access_key_id = AKIDFAKE\naws_secret_access_key = se/cret\naws_session_token = session\n");
  home.write(config, Home::read(config) + text);
  int number = 0;
  for (const char* name : kProjects) {
    char id[64];
    std::snprintf(id, sizeof id, "7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f3c%02d", number++);
    const bool is_cohere = std::string_view(name) == "cohere-native";
    home.write(home.project_file(name),
               "id = \"" + std::string(id) + "\"\nproviders = [\"" + name + "\"]\n[guards]\n" + std::string(kRedactAll) +
                   (is_cohere ? "[aliases]\nfast = \"cohere-native:command-a\"\nvectors = \"cohere-native:embed-v4.0\"\n" : ""));
  }
  const CommandResult checked = home.run({"config", "check"});
  if (checked.status != 0) throw std::runtime_error("config check: " + checked.out + checked.err);
  server.signal(SIGHUP);
  for (int i = 0; i < 150 && send("POST", kProjects[number - 1], "v1/messages", "{").status != 400; ++i)
    std::this_thread::sleep_for(Ms{20});
}

RawReply ProviderWorld::send(std::string_view method, std::string_view project, std::string_view rest, std::string_view body,
                             Fields fields) {
  fields.emplace_back("Authorization", "Bearer " + key);
  fields.emplace_back("Content-Type", "application/json");
  return exchange(port(), write_request(std::string(method), "/api/" + std::string(project) + "/" + std::string(rest), fields,
                                        std::string(body)));
}

RawReply ProviderWorld::call(std::string_view project, DialectId dialect, std::string_view model, bool stream,
                             std::string_view text) {
  return post_to(project, model_path(dialect), ask_model(dialect, model, stream, text));
}

ProviderWorld& provider_world() {
  static ProviderWorld one;
  one.upstream.forget();
  return one;
}

std::string ask_model(DialectId dialect, std::string_view model, bool stream, std::string_view text) {
  return replace_all(ask(dialect, stream, text), "\"fake-model\"", "\"" + std::string(model) + "\"");
}

}  // namespace pg::test
