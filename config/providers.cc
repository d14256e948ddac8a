// Provider rows: shipped, the user's, and the two together.
#include "config/providers.h"

#include <algorithm>
#include <set>

#include "config/read_tables.h"
#include "core/base/shipped.h"
#include "core/store/files.h"

namespace pg {
namespace {

ProviderRows read_shipped() {
  Loaded loaded;
  const TomlDocument document = parse_toml(shipped("providers.toml"), "providers.toml", loaded.problems);
  read_settings_tables(document, loaded);
  return loaded.problems.empty() ? std::move(loaded.settings.providers) : ProviderRows();
}

template <class T>
void lay_over(std::optional<T>& under, const std::optional<T>& over) {
  if (over) under = over;
}

void lay_over(ProviderSettings& row, const ProviderSettings& own) {
  lay_over(row.openai_base_url, own.openai_base_url);
  lay_over(row.anthropic_base_url, own.anthropic_base_url);
  lay_over(row.gemini_base_url, own.gemini_base_url);
  lay_over(row.cohere_base_url, own.cohere_base_url);
  lay_over(row.azure_base_url, own.azure_base_url);
  lay_over(row.vertex_base_url, own.vertex_base_url);
  lay_over(row.bedrock_base_url, own.bedrock_base_url);
  lay_over(row.api_version, own.api_version);
  lay_over(row.region, own.region);
  lay_over(row.credential, own.credential);
  if (own.credential || !own.credentials.empty()) row.credentials = own.credentials;
  lay_over(row.auth, own.auth);
  lay_over(row.vendor, own.vendor);
  lay_over(row.responses, own.responses);
  lay_over(row.connect_timeout, own.connect_timeout);
  lay_over(row.first_byte_timeout, own.first_byte_timeout);
  lay_over(row.idle_timeout, own.idle_timeout);
  if (own.concurrency != 0) row.concurrency = own.concurrency;
  if (own.rate.rpm != 0) row.rate.rpm = own.rate.rpm;
  if (own.rate.rph != 0) row.rate.rph = own.rate.rph;
  lay_over(row.queue, own.queue);
  lay_over(row.queue_timeout, own.queue_timeout);
  lay_over(row.breaker_failures, own.breaker_failures);
  lay_over(row.breaker_window, own.breaker_window);
  lay_over(row.breaker_open, own.breaker_open);
  lay_over(row.breaker_open_at_most, own.breaker_open_at_most);
  if (!own.headers.empty()) row.headers = own.headers;
  if (!own.models.empty()) row.models = own.models;
  if (!own.model_names.empty()) row.model_names = own.model_names;
  if (own.max_output_tokens != 0) row.max_output_tokens = own.max_output_tokens;
  if (!own.ca_file.empty()) row.ca_file = own.ca_file;
  if (!own.guards.empty()) row.guards = own.guards;
  row.enabled = own.enabled;
  row.where = own.where;
  row.places = own.places;
}

}  // namespace

const ProviderRows& shipped_providers() {
  static const ProviderRows kRows = read_shipped();
  return kRows;
}

std::vector<std::string> provider_names(const Settings& settings) {
  std::set<std::string> names;
  for (const auto& [name, row] : shipped_providers()) names.insert(name);
  for (const auto& [name, row] : settings.providers) {
    if (row.enabled)
      names.insert(name);
    else
      names.erase(name);
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> outsiders_of(const Settings& settings, const std::vector<std::string>& providers) {
  std::vector<std::string> names = provider_names(settings);
  std::erase_if(names, [&providers](const std::string& name) {
    return std::find(providers.begin(), providers.end(), name) != providers.end();
  });
  return names;
}

bool names_models_freely(const ProviderSettings& row) {
  const std::string vendor = row.vendor.value_or(row.name);
  return vendor == "ollama" || vendor == "echo" || !shipped_providers().contains(vendor);
}

std::optional<ProviderSettings> find_provider_row(const Settings& settings, std::string_view name) {
  const std::string key(name);
  const auto known = shipped_providers().find(key);
  const auto own = settings.providers.find(key);
  if (known == shipped_providers().end() && own == settings.providers.end()) return std::nullopt;
  ProviderSettings row;
  if (known != shipped_providers().end()) row = known->second;
  row.name = key;
  if (own != settings.providers.end()) lay_over(row, own->second);
  if (!row.enabled) return std::nullopt;
  // Whose dialects are spoken there, whatever the row is called.
  if (row.azure_base_url && row.vendor.value_or("azure") == "azure") row.vendor = "openai";
  if (!row.vendor) row.vendor = key;
  return row;
}

std::string credential_path(std::string_view credential, const Settings& settings, const std::string& home) {
  return resolve_path(credential.substr(5), directory_of(settings.config_file), home);
}

std::vector<std::string> credentials_of(const ProviderSettings& row) {
  if (!row.credentials.empty()) return row.credentials;
  return {row.credential.value_or("none")};
}

std::string bedrock_url(const ProviderSettings& row) {
  if (row.bedrock_base_url) return *row.bedrock_base_url;
  return row.region ? "https://bedrock-runtime." + *row.region + ".amazonaws.com" : "";
}

std::vector<std::string> base_urls(const ProviderSettings& row) {
  std::vector<std::string> urls;
  for (const auto* url : {&row.openai_base_url, &row.anthropic_base_url, &row.gemini_base_url, &row.cohere_base_url,
                          &row.azure_base_url, &row.vertex_base_url})
    if (*url) urls.push_back(**url);
  if (const std::string bedrock = bedrock_url(row); !bedrock.empty()) urls.push_back(bedrock);
  return urls;
}

}  // namespace pg
