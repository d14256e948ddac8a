// Chooses the block of clients.toml that fits a project, and makes keys for agents.
#include "cmd/agent.h"

#include <algorithm>
#include <cstdlib>

#include "config/policy_source.h"
#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/store/key_store.h"

namespace pg {
namespace {

bool speaks(const Provider& provider, std::string_view dialect_name) {
  if (provider.echo) return true;
  return std::any_of(provider.outlets.begin(), provider.outlets.end(),
                     [&](const Outlet& outlet) { return dialect(outlet.dialect).name == dialect_name; });
}

bool is_model_name(std::string_view text) {
  return text.size() <= 200 && std::all_of(text.begin(), text.end(), [](char c) {
           return is_alnum(c) || std::string_view("._:/@-").find(c) != std::string_view::npos;
         });
}

struct Fit {
  const ClientTool* tool = nullptr;
  const Provider* provider = nullptr;
  bool translated = false;
};

/// The first block that the first provider able to speak any of them speaks; else the first provider that pg translates for. The
/// caller's own credential is for the vendor whose dialect it speaks, and never translated.
Fit choose_block(const std::vector<const ClientTool*>& blocks, const Project* project) {
  if (project != nullptr)
    for (const auto& provider : project->providers)
      for (const ClientTool* block : blocks)
        if (speaks(*provider, block->dialect)) return {block, provider.get(), false};
  if (project != nullptr)
    for (const auto& provider : project->providers)
      if (!provider->outlets.empty() && provider->auth != AuthStyle::client) return {blocks.front(), provider.get(), true};
  return {blocks.front(), nullptr, false};
}

std::string model_for(const AgentOptions& options, const Fit& fit) {
  if (!options.model.empty()) return options.model;
  if (fit.provider != nullptr)
    for (const auto& model : fit.provider->models)
      if ((fit.translated || !fit.tool->default_model.empty()) && model.find_first_of("*?") == std::string::npos) return model;
  // What the tool asks for of itself is a model of its own vendor's.
  return fit.translated ? "" : fit.tool->default_model;
}

}  // namespace

std::vector<std::string> agent_names() {
  std::vector<std::string> names;
  for (const auto& tool : shipped_clients())
    if (std::find(names.begin(), names.end(), tool.name) == names.end()) names.push_back(tool.name);
  return names;
}

Result<AgentSetup> find_agent(const Shell& shell, const Settings& settings, const AgentOptions& options) {
  std::vector<const ClientTool*> blocks;
  for (const auto& tool : shipped_clients())
    if (tool.name == options.name) blocks.push_back(&tool);
  if (blocks.empty())
    return make_error(Code::not_found, fmt::format("pg does not know an agent '{}'", escape_controls(options.name)));
  if (!is_model_name(options.model)) return make_error(Code::bad_request, "--model is not the name of a model");
  PG_TRY(auto project, chosen_project(shell, settings));
  if (project.type == "gateway" || project.type == "api" || project.type == "mcp")
    return make_error(Code::bad_request,
                      fmt::format("project {} is of type {}: it has no model calls for an agent; name another with --project",
                                  project.name, project.type));
  // Of this project alone: what is wrong with another is none of its business.
  Settings own = settings;
  own.projects = {{project.name, project}};
  own.hosts.clear();
  PG_TRY(auto source, PolicySource::open(std::move(own)));
  const auto policy = source.current();
  const auto fit = choose_block(blocks, policy == nullptr ? nullptr : policy->find_project(project.name));
  AgentSetup agent;
  agent.tool = *fit.tool;
  agent.values.base = fmt::format("{}/api/{}", agent_origin(settings), project.name);
  agent.values.model = model_for(options, fit);
  agent.values.own_login = options.own_login || (fit.provider != nullptr && fit.provider->auth == AuthStyle::client);
  if (agent.values.own_login && agent.tool.own_login_env.empty() && agent.tool.unsupported.empty())
    return make_error(Code::bad_request,
                      fmt::format("{} cannot keep its own login behind pg: give the provider a credential of its own with "
                                  "'pg providers login NAME'",
                                  agent.tool.title));
  agent.provider = fit.provider == nullptr ? "" : fit.provider->name;
  agent.vendor = fit.provider == nullptr ? "" : fit.provider->vendor;
  agent.translated = fit.translated;
  agent.project = std::move(project);
  return agent;
}

Result<std::optional<std::string>> given_key(const AgentOptions& options) {
  std::string key = options.key;
  std::string where = "--key";
  if (key.empty()) {
    const char* variable = std::getenv("PG_KEY");
    if (variable == nullptr || *variable == '\0') return std::optional<std::string>{};
    key = variable;
    where = "PG_KEY";
  }
  if (!is_key_text(key))
    return make_error(
        Code::bad_request,
        fmt::format("{} is not a pg key (pg_live_…); a provider's key stays in pg and never goes to an agent", where));
  return std::optional<std::string>(std::move(key));
}

Result<std::pair<std::string, std::string>> mint_agent_key(Workplace& place, const std::string& name,
                                                           const ProjectSettings& project, Millis lifetime) {
  KeyStore store(place.db, wall_clock(), actor_name());
  NewKey wanted;
  wanted.name = name;
  wanted.project = project.id;
  if (project.type == "mcp") wanted.scopes = scope_mcp;
  if (lifetime.count() > 0) wanted.expires = wall_clock().wall() + lifetime.count();
  PG_TRY(auto issued, store.add_numbered(wanted));
  return std::pair{issued.key.name, std::string(issued.text.reveal())};
}

}  // namespace pg
