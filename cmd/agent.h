// What setup and run share: which block of clients.toml fits the project, and the values it is filled with.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/snippet.h"
#include "core/policy.h"

namespace pg {

/// What the command line says about an agent.
struct AgentOptions {
  std::string name;
  std::string model;
  std::string key;         // --key; PG_KEY when empty
  bool own_login = false;  // --own-login
};

/// A tool of clients.toml in the project it will talk to.
struct AgentSetup {
  ClientTool tool;
  ProjectSettings project;
  SetupValues values;       // without a key
  std::string provider;     // the one whose wire format was chosen; "" when none of the project's can take its calls
  std::string vendor;       // whose models that one has, as its row says
  bool translated = false;  // it speaks another dialect
};

/// The names of clients.toml, each once.
std::vector<std::string> agent_names();

/// not_found for an unknown name (with a suggestion); bad_request for a model name no tool could carry, and for --own-login where
/// the tool has no way to keep its login.
Result<AgentSetup> find_agent(const Shell& shell, const Settings& settings, const AgentOptions& options);

/// The given key: --key, else PG_KEY; nullopt when there is neither. bad_request when it is no pg key: a provider's key has no
/// place in an agent.
Result<std::optional<std::string>> given_key(const AgentOptions& options);

/// Makes a key for the project named `name`, or name-2, name-3 … when that is taken. `lifetime` 0 = for good.
/// A name and the key's text.
Result<std::pair<std::string, std::string>> mint_agent_key(Workplace& place, const std::string& name,
                                                           const ProjectSettings& project, Millis lifetime);

}  // namespace pg
