// The shipped provider rows, and what a user's row makes of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace pg {

using ProviderRows = std::map<std::string, ProviderSettings>;

/// providers.toml, read once. Empty only when the shipped file is broken, which a test rules out.
const ProviderRows& shipped_providers();

/// Names of all providers, shipped and the user's own, sorted; disabled ones left out.
std::vector<std::string> provider_names(const Settings& settings);

/// Those of them that are not in `providers`, sorted.
std::vector<std::string> outsiders_of(const Settings& settings, const std::vector<std::string>& providers);

/// Whether its models may be called anything: Ollama's ("mistral:7b"), and those of servers that pg does not ship a row for.
bool names_models_freely(const ProviderSettings& row);

/// The row of `name` with the user's fields laid over the shipped ones; nullopt when there is none or it is disabled.
std::optional<ProviderSettings> find_provider_row(const Settings& settings, std::string_view name);

/// The path of a "file:PATH" credential: relative ones beside pg.toml.
std::string credential_path(std::string_view credential, const Settings& settings, const std::string& home);

/// Its credentials, in the order in which they are tried; at least one.
std::vector<std::string> credentials_of(const ProviderSettings& row);
/// Where Bedrock is for a row: as it says, or by its region; "" when it says neither.
std::string bedrock_url(const ProviderSettings& row);

/// The URLs a row leads to, OpenAI's first.
std::vector<std::string> base_urls(const ProviderSettings& row);

}  // namespace pg
