// Candidates are ranked, not filtered one by one: a translated exit to the right vendor beats a direct one to somebody else.
#include "core/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/text.h"

namespace pg {
namespace {

struct VendorName {
  std::string_view start;
  std::string_view vendor;
};
// The vendors' own naming, which no other vendor uses for models of its own.
constexpr std::array<VendorName, 16> kVendors = {{{"claude-", "anthropic"},
                                                  {"gpt-", "openai"},
                                                  {"o1", "openai"},
                                                  {"o3", "openai"},
                                                  {"o4", "openai"},
                                                  {"chatgpt-", "openai"},
                                                  {"codex-", "openai"},
                                                  {"text-embedding-", "openai"},
                                                  {"gemini-", "gemini"},
                                                  {"command-", "cohere"},
                                                  {"deepseek-", "deepseek"},
                                                  {"grok-", "xai"},
                                                  {"mistral-", "mistral"},
                                                  {"codestral-", "mistral"},
                                                  {"magistral-", "mistral"},
                                                  {"devstral-", "mistral"}}};

bool serves_model(const Provider& provider, std::string_view model) {
  return provider.models.empty() || std::any_of(provider.models.begin(), provider.models.end(),
                                                [model](const std::string& glob) { return matches_glob(glob, model); });
}

// Where a provider has an outlet for each vendor's models, the others do not know this one.
bool serves_vendor(const Outlet& outlet, std::string_view model) {
  if (outlet.vendor.empty()) return true;
  const std::string_view vendor = vendor_of_model(model);
  return vendor.empty() || vendor == outlet.vendor;
}

const Outlet* find_outlet(const Provider& provider, DialectId dialect, std::string_view model) {
  for (const Outlet& outlet : provider.outlets)
    if (outlet.dialect == dialect && serves_vendor(outlet, model)) return &outlet;
  return nullptr;
}

// Mistral's have fields of its own; Ollama's own API, beside its likeness of OpenAI's, is below /api.
bool has_own_embeddings(const Provider& provider) {
  if (provider.vendor == "mistral") return true;
  return provider.vendor == "ollama" && !provider.outlets.empty() && provider.outlets.front().base.path.ends_with("/api");
}

const Outlet* find_direct(const Provider& provider, DialectId dialect, std::string_view model) {
  if (dialect != DialectId::embeddings) return find_outlet(provider, dialect, model);
  // Embeddings share the base URL of Chat Completions.
  return has_own_embeddings(provider) ? nullptr : find_outlet(provider, DialectId::openai_chat, model);
}

const Outlet* find_translated_embeddings(const Provider& provider, std::string_view model) {
  if (has_own_embeddings(provider)) return find_outlet(provider, DialectId::openai_chat, model);
  for (const DialectId id : {DialectId::gemini, DialectId::cohere})
    if (const Outlet* outlet = find_outlet(provider, id, model)) return outlet;
  // Vertex AI's own embedding models bear names that others use, too (text-embedding-005).
  for (const Outlet& outlet : provider.outlets)
    if (outlet.dialect == DialectId::gemini && outlet.vendor == "gemini") return &outlet;
  return nullptr;
}

// The exit that loses least: the provider's own dialect before its likeness of another. OpenAI keeps a model's thoughts in
// Responses only; servers that are merely compatible know Chat best.
const Outlet* find_translated(const Provider& provider, DialectId dialect, std::string_view model) {
  // The caller's own credential is for the vendor whose dialect the caller speaks.
  if (provider.auth == AuthStyle::client) return nullptr;
  if (dialect == DialectId::embeddings) return find_translated_embeddings(provider, model);
  std::array<DialectId, 5> wanted = {DialectId::gemini, DialectId::cohere, DialectId::openai_chat, DialectId::openai_responses,
                                     DialectId::anthropic};
  if (provider.vendor == "openai") std::swap(wanted[2], wanted[3]);
  for (const DialectId id : wanted)
    if (const Outlet* outlet = id == dialect ? nullptr : find_outlet(provider, id, model)) return outlet;
  return nullptr;
}

struct Asked {
  std::string_view provider;  // "" when any will do
  std::string_view model;
  std::string_view outsider = {};  // the provider that the model's name begins with, and that the project has not
};

/// `provider:model` for a provider of the project; else a bare name.
Asked read_model(const Project& project, std::string_view model) {
  if (const auto alias = project.aliases.find(model); alias != project.aliases.end()) model = alias->second;
  // A colon alone says nothing: Ollama's models have one too.
  const std::size_t colon = model.find(':');
  const std::string_view name = model.substr(0, colon);
  const bool named = colon != std::string_view::npos &&
                     std::any_of(project.providers.begin(), project.providers.end(),
                                 [name](const std::shared_ptr<const Provider>& provider) { return provider->name == name; });
  if (named) return {name, model.substr(colon + 1)};
  const bool outside =
      colon != std::string_view::npos && std::binary_search(project.outsiders.begin(), project.outsiders.end(), name);
  return {"", model, outside ? name : std::string_view()};
}

// The exit a provider has for a client of that dialect; nullopt when it has none.
std::optional<Target> target_at(const std::shared_ptr<const Provider>& provider, DialectId dialect, std::string_view model) {
  if (provider->echo) return Target{provider, nullptr, std::string(model), false};
  const auto called = provider->model_names.find(model);
  std::string name = called == provider->model_names.end() ? std::string(model) : called->second;
  if (const Outlet* direct = find_direct(*provider, dialect, model)) return Target{provider, direct, std::move(name), false};
  if (const Outlet* other = find_translated(*provider, dialect, model)) return Target{provider, other, std::move(name), true};
  return std::nullopt;
}

// Whose models the target's provider makes, or hosts at that outlet.
bool is_of_vendor(const Target& target, std::string_view vendor) {
  return target.provider->vendor == vendor || (target.outlet != nullptr && target.outlet->vendor == vendor);
}

std::optional<Target> rank_providers(const Project& project, DialectId dialect, const Asked& asked) {
  const std::string_view vendor = vendor_of_model(asked.model);
  std::optional<Target> best;
  int best_rank = 0;
  for (const std::shared_ptr<const Provider>& provider : project.providers) {
    const bool named = !asked.provider.empty();
    if (named ? provider->name != asked.provider : !serves_model(*provider, asked.model)) continue;
    // Meant for somebody else: only who may have a model of that very name is asked.
    if (!asked.outsider.empty() && !provider->names_freely && provider->models.empty()) continue;
    std::optional<Target> target = target_at(provider, dialect, asked.model);
    if (!target) continue;
    const int rank = (vendor.empty() || is_of_vendor(*target, vendor) ? 0 : 2) + (target->translated ? 1 : 0);
    if (best && rank >= best_rank) continue;
    best = std::move(target);
    best_rank = rank;
  }
  return best;
}

}  // namespace

std::string_view vendor_of_model(std::string_view model) {
  for (const VendorName& row : kVendors)
    if (model.starts_with(row.start)) return row.vendor;
  return "";
}

Result<Target> choose_target(const Project& project, DialectId dialect, std::string_view model, const Route* route) {
  std::optional<Target> best;
  if (route != nullptr && route->provider != nullptr) {
    best = target_at(route->provider, dialect, route->model.empty() ? read_model(project, model).model : route->model);
  } else {
    const Asked asked = read_model(project, route == nullptr || route->model.empty() ? model : route->model);
    if (asked.model.empty()) return make_error(Code::bad_request, "the model names a provider and no model of it");
    best = rank_providers(project, dialect, asked);
    if (!best && !asked.outsider.empty())
      return make_error(
          Code::not_found,
          fmt::format("project {} does not have the provider {}, which the model's name begins with; its `providers`, "
                      "its [aliases] or a route can name it",
                      project.name, asked.outsider));
  }
  if (!best)
    return make_error(Code::not_found,
                      fmt::format("no provider of project {} takes {} for this model", project.name, pg::dialect(dialect).name));
  if (fallbacks_of(project, route).empty()) PG_TRY_STATUS(check_has_credential(*best->provider));
  return std::move(*best);
}

Status check_has_credential(const Provider& provider) {
  if (provider.credential_problem.empty()) return {};
  return make_error(Code::unavailable,
                    fmt::format("provider {} has no credential: {}", provider.name, provider.credential_problem));
}

const std::vector<Fallback>& fallbacks_of(const Project& project, const Route* route) {
  return route != nullptr && !route->fallbacks.empty() ? route->fallbacks : project.fallbacks;
}

Result<Target> choose_fallback(const Project& project, DialectId dialect, std::string_view model, const Route* route,
                               std::size_t nth) {
  const std::vector<Fallback>& fallbacks = fallbacks_of(project, route);
  if (nth >= fallbacks.size()) return make_error(Code::not_found, "the project has no fallback");
  const Fallback& fallback = fallbacks[nth];
  PG_TRY_STATUS(check_has_credential(*fallback.provider));
  const std::string named = fallback.model.empty() ? std::string(read_model(project, model).model) : fallback.model;
  std::optional<Target> target = target_at(fallback.provider, dialect, named);
  if (!target) return make_error(Code::not_found, "the project's fallback cannot take this call");
  return std::move(*target);
}

}  // namespace pg
