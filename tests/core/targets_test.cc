#include "core/targets.h"

#include <doctest/doctest.h>

#include "core/base/error.h"
#include "tests/support/result.h"

namespace pg {
namespace {

std::shared_ptr<Provider> provider(std::string name, std::vector<DialectId> dialects) {
  auto made = std::make_shared<Provider>();
  made->name = made->vendor = std::move(name);
  made->auth = AuthStyle::bearer;
  for (const DialectId id : dialects) made->outlets.push_back({id, Url{}});
  return made;
}

const auto kOpenai = provider("openai", {DialectId::openai_chat, DialectId::openai_responses});
const auto kAnthropicProvider = provider("anthropic", {DialectId::anthropic});
const auto kChatProvider = provider("ollama", {DialectId::openai_chat});

Project project_of(std::vector<std::shared_ptr<const Provider>> providers) {
  Project project;
  project.name = "p";
  project.providers = std::move(providers);
  return project;
}

// "PROVIDER DIALECT MODEL", with a "~" in front when the call is translated; or the name of the refusal.
std::string chosen(const Project& project, DialectId dialect, std::string_view model) {
  const auto target = choose_target(project, dialect, model);
  if (!target) return std::string(code_name(target.error().code)) + ": " + target.error().message;
  const Target& t = *target;
  const std::string_view spoken = t.outlet == nullptr ? "inside" : pg::dialect(t.outlet->dialect).name;
  return std::string(t.translated ? "~" : "") + t.provider->name + " " + std::string(spoken) + " " + t.model;
}

}  // namespace

TEST_CASE("a bare name goes to its vendor, translated if need be, and else to whoever comes first") {
  const Project both = project_of({kAnthropicProvider, kOpenai});
  CHECK(chosen(both, DialectId::anthropic, "claude-x") == "anthropic anthropic claude-x");
  CHECK(chosen(both, DialectId::openai_chat, "gpt-x") == "openai openai-chat gpt-x");
  CHECK(chosen(both, DialectId::anthropic, "gpt-x") == "~openai openai-responses gpt-x");
  CHECK(chosen(both, DialectId::openai_responses, "claude-x") == "~anthropic anthropic claude-x");
  CHECK(chosen(both, DialectId::anthropic, "some-model") == "anthropic anthropic some-model");
  CHECK(chosen(both, DialectId::openai_chat, "some-model") == "openai openai-chat some-model");
  const Project local = project_of({kChatProvider, kAnthropicProvider});
  CHECK(chosen(local, DialectId::openai_responses, "llama3:8b") == "~ollama openai-chat llama3:8b");
  CHECK(chosen(local, DialectId::anthropic, "llama3:8b") == "anthropic anthropic llama3:8b");
  CHECK(chosen(project_of({kChatProvider}), DialectId::anthropic, "claude-x") == "~ollama openai-chat claude-x");
}

TEST_CASE("provider:model and aliases name their target") {
  Project project = project_of({kAnthropicProvider, kOpenai, kChatProvider});
  project.aliases = {{"fast", "openai:gpt-mini"}, {"smart", "claude-x"}};
  CHECK(chosen(project, DialectId::anthropic, "ollama:llama3:8b") == "~ollama openai-chat llama3:8b");
  CHECK(chosen(project, DialectId::openai_chat, "openai:claude-x") == "openai openai-chat claude-x");
  CHECK(chosen(project, DialectId::openai_chat, "fast") == "openai openai-chat gpt-mini");
  CHECK(chosen(project, DialectId::openai_chat, "smart") == "~anthropic anthropic claude-x");
  // Not one of ours: the colon belongs to the model.
  CHECK(chosen(project, DialectId::openai_chat, "mistral:7b") == "openai openai-chat mistral:7b");
}

TEST_CASE("a model of a provider that the project has not is nobody else's") {
  Project project = project_of({kAnthropicProvider, kOpenai});
  project.outsiders = {"mistral", "xai"};
  const std::string refused = chosen(project, DialectId::openai_chat, "xai:grok-4");
  CHECK(refused.find("not_found: project p does not have the provider xai") == 0);
  CHECK(chosen(project, DialectId::anthropic, "xai:grok-4").find("not_found") == 0);
  project.aliases = {{"grok", "xai:grok-4"}, {"xai:grok-4", "openai:gpt-x"}};
  CHECK(chosen(project, DialectId::openai_chat, "xai:grok-4") == "openai openai-chat gpt-x");
  CHECK(chosen(project, DialectId::openai_chat, "grok").find("not_found") == 0);
  // Nobody's name: the colon belongs to the model.
  CHECK(chosen(project, DialectId::openai_chat, "llama3:8b") == "openai openai-chat llama3:8b");
  CHECK(chosen(project, DialectId::openai_chat, "ft:gpt-4o:org::id") == "openai openai-chat ft:gpt-4o:org::id");
  // Ollama's models are called like other providers; so may be what a row's globs say.
  auto local = std::make_shared<Provider>(*kChatProvider);
  local->names_freely = true;
  project.providers.push_back(local);
  CHECK(chosen(project, DialectId::anthropic, "mistral:7b") == "~ollama openai-chat mistral:7b");
  auto proxied = std::make_shared<Provider>(*kOpenai);
  proxied->models = {"xai:*"};
  Project other = project_of({kAnthropicProvider, proxied});
  other.outsiders = {"xai"};
  CHECK(chosen(other, DialectId::openai_chat, "xai:grok-4") == "openai openai-chat xai:grok-4");
}

TEST_CASE("what cannot be served is refused with a reason") {
  auto keyless = std::make_shared<Provider>(*kOpenai);
  keyless->credential_problem = "environment variable X is not set";
  CHECK(chosen(project_of({keyless}), DialectId::openai_chat, "gpt-x") ==
        "unavailable: provider openai has no credential: environment variable X is not set");
  Project helped = project_of({keyless});
  helped.fallbacks = {{kChatProvider, ""}};
  CHECK(chosen(helped, DialectId::openai_chat, "gpt-x") == "openai openai-chat gpt-x");  // passed over when it is its turn
  auto narrow = std::make_shared<Provider>(*kOpenai);
  narrow->models = {"gpt-*"};
  CHECK(chosen(project_of({narrow}), DialectId::openai_chat, "gpt-x") == "openai openai-chat gpt-x");
  CHECK(chosen(project_of({narrow}), DialectId::openai_chat, "other").starts_with("not_found: no provider of project p"));
  CHECK(chosen(project_of({narrow}), DialectId::openai_chat, "openai:other") == "openai openai-chat other");
  CHECK(chosen(project_of({kOpenai}), DialectId::openai_chat, "openai:") ==
        "bad_request: the model names a provider and no model of it");
  CHECK(chosen(project_of({kAnthropicProvider}), DialectId::embeddings, "text-embedding-3-small").starts_with("not_found"));
  CHECK(chosen(project_of({kAnthropicProvider, kOpenai}), DialectId::embeddings, "text-embedding-3-small") ==
        "openai openai-chat text-embedding-3-small");
}

TEST_CASE("the fallback speaks the client's dialect or is translated for, and may have a model of its own") {
  Project project = project_of({kAnthropicProvider});
  CHECK_FALSE(choose_fallback(project, DialectId::anthropic, "claude-x"));
  project.fallbacks = {{kChatProvider, ""}};
  CHECK(choose_fallback(project, DialectId::anthropic, "claude-x").value().translated);
  CHECK(choose_fallback(project, DialectId::openai_chat, "claude-x").value().model == "claude-x");
  CHECK_FALSE(choose_fallback(project, DialectId::openai_chat, "claude-x").value().translated);
  project.fallbacks[0].model = "llama3:8b";
  project.aliases = {{"fast", "anthropic:claude-x"}};
  CHECK(choose_fallback(project, DialectId::anthropic, "fast").value().model == "llama3:8b");
  project.fallbacks[0].model = "";
  CHECK(choose_fallback(project, DialectId::anthropic, "fast").value().model == "claude-x");
  auto keyless = std::make_shared<Provider>(*kChatProvider);
  keyless->credential_problem = "none";
  project.fallbacks[0].provider = keyless;
  CHECK_FALSE(choose_fallback(project, DialectId::openai_chat, "x"));
}

TEST_CASE("a caller's own credential never goes to another vendor by way of translation") {
  auto own = std::make_shared<Provider>(*kOpenai);
  own->auth = AuthStyle::client;
  CHECK(chosen(project_of({own}), DialectId::openai_chat, "gpt-x") == "openai openai-chat gpt-x");
  CHECK(chosen(project_of({own}), DialectId::anthropic, "gpt-x").starts_with("not_found"));
  CHECK(chosen(project_of({own, kAnthropicProvider}), DialectId::anthropic, "gpt-x") == "anthropic anthropic gpt-x");
}

TEST_CASE("a route's provider and model decide; its model alone is read like the client's own") {
  Project project = project_of({kAnthropicProvider, kOpenai});
  project.aliases = {{"fast", "openai:gpt-small"}, {"own", "openai:gpt-own"}};
  const auto routed = [&](const Route& route, std::string_view model) {
    const auto target = choose_target(project, DialectId::openai_chat, model, &route);
    return target ? target.value().provider->name + " " + target.value().model : std::string(code_name(target.error().code));
  };
  Route route;
  CHECK(routed(route, "fast") == "openai gpt-small");
  route.model = "fast";
  CHECK(routed(route, "claude-x") == "openai gpt-small");
  route.model = "anthropic:m";
  CHECK(routed(route, "own") == "anthropic m");
  route.provider = kChatProvider;
  CHECK(routed(route, "own") == "ollama anthropic:m");
  route.model.clear();
  CHECK(routed(route, "own") == "ollama gpt-own");
  CHECK(routed(route, "openai:gpt-x") == "ollama gpt-x");
  auto keyless = std::make_shared<Provider>(*kChatProvider);
  keyless->credential_problem = "none";
  route.provider = keyless;
  CHECK(routed(route, "m") == "unavailable");
  route.provider = provider("mute", {});
  CHECK(routed(route, "m") == "not_found");
}

TEST_CASE("a route's fallback stands above the project's") {
  Project project = project_of({kAnthropicProvider});
  Route route;
  CHECK(fallbacks_of(project, &route).empty());
  project.fallbacks = {{kOpenai, ""}};
  CHECK(fallbacks_of(project, &route).front().provider == kOpenai);
  CHECK(fallbacks_of(project, nullptr).front().provider == kOpenai);
  route.fallbacks = {{kChatProvider, "llama3:8b"}};
  CHECK(fallbacks_of(project, &route).front().provider == kChatProvider);
  CHECK_FALSE(choose_fallback(project, DialectId::openai_chat, "m", &route, 1));
  CHECK(choose_fallback(project, DialectId::openai_chat, "m", &route).value().model == "llama3:8b");
  CHECK(choose_fallback(project, DialectId::openai_chat, "m").value().provider == kOpenai);
}

TEST_CASE("targets: a provider's own dialect is the exit for who does not speak its other one") {
  const auto gemini = provider("gemini", {DialectId::openai_chat, DialectId::gemini});
  const Project project = project_of({gemini});
  CHECK(chosen(project, DialectId::openai_chat, "gemini-3") == "gemini openai-chat gemini-3");
  CHECK(chosen(project, DialectId::anthropic, "gemini-3") == "~gemini gemini gemini-3");
  CHECK(chosen(project, DialectId::openai_responses, "gemini-3") == "~gemini gemini gemini-3");
  CHECK(chosen(project, DialectId::embeddings, "e") == "gemini openai-chat e");
  const Project native = project_of({provider("cohere", {DialectId::cohere})});
  CHECK(chosen(native, DialectId::embeddings, "e") == "~cohere cohere e");
  CHECK(chosen(native, DialectId::openai_chat, "command-a") == "~cohere cohere command-a");
  CHECK(chosen(project_of({provider("mistral", {DialectId::openai_chat})}), DialectId::embeddings, "e") ==
        "~mistral openai-chat e");
}

TEST_CASE("targets: where outlets are each a vendor's, the model says which, and its name there is found") {
  auto vertex = provider("vertex", {DialectId::gemini, DialectId::anthropic});
  vertex->outlets[0].vendor = "gemini";
  vertex->outlets[1].vendor = "anthropic";
  vertex->model_names["claude-x"] = "claude-x@2026";
  const Project project = project_of({kOpenai, vertex});
  CHECK(chosen(project, DialectId::anthropic, "claude-x") == "vertex anthropic claude-x@2026");
  CHECK(chosen(project, DialectId::openai_chat, "claude-x") == "~vertex anthropic claude-x@2026");
  CHECK(chosen(project, DialectId::anthropic, "gemini-3") == "~vertex gemini gemini-3");
  CHECK(chosen(project, DialectId::openai_chat, "gemini-3") == "~vertex gemini gemini-3");
  CHECK(chosen(project, DialectId::openai_chat, "gpt-5") == "openai openai-chat gpt-5");
  CHECK(chosen(project, DialectId::openai_chat, "vertex:gpt-5").starts_with("not_found"));
  // One of its own embedding models bears a name like OpenAI's.
  for (const std::string model : {"gemini-embedding-001", "text-embedding-005"})
    CHECK(chosen(project_of({vertex}), DialectId::embeddings, model) == "~vertex gemini " + model);
  CHECK(chosen(project, DialectId::embeddings, "text-embedding-3-small") == "openai openai-chat text-embedding-3-small");
  auto ollama = provider("ollama", {DialectId::openai_chat});
  CHECK(chosen(project_of({ollama}), DialectId::embeddings, "e") == "ollama openai-chat e");
  ollama->outlets[0].base.path = "/api";
  CHECK(chosen(project_of({ollama}), DialectId::embeddings, "e") == "~ollama openai-chat e");
}

}  // namespace pg
