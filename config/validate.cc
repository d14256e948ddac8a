// Cross references and postures.
#include "config/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "config/checks.h"
#include "config/knobs.h"
#include "config/outlets.h"
#include "config/own_files.h"
#include "config/paths.h"
#include "config/providers.h"
#include "config/validate_endpoints.h"
#include "config/validate_mcp.h"
#include "config/validate_routes.h"
#include "config/validate_services.h"
#include "core/base/address.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::uint64_t kMostCaBytes = 16u << 20;

SourcePlace find_place(const SourcePlaces& places, std::string_view key, const std::string& file) {
  const auto found = places.find(key);
  return found == places.end() ? SourcePlace{file, 0, 0, "", 1} : found->second;
}

std::string host_of(const std::string& base_url) {
  const auto url = parse_url(base_url);
  return url ? url.value().host : std::string();
}

// What a provider needs to lead somewhere; the shipped rows of clouds are complete but for that.
std::string missing_url_hint(const std::string& name) {
  if (name == "azure") return "set azure_base_url = \"https://RESOURCE.openai.azure.com\"";
  if (name == "vertex")
    return "set vertex_base_url = \"https://us-east5-aiplatform.googleapis.com/v1/projects/PROJECT/locations/us-east5\"";
  if (name == "bedrock") return "set region = \"us-east-1\", or where your Bedrock is";
  return "set openai_base_url or anthropic_base_url";
}

bool is_disabled(const Settings& settings, const std::string& provider) {
  const auto own = settings.providers.find(provider);
  return own != settings.providers.end() && !own->second.enabled;
}

void check_project_providers(const Settings& settings, const ProjectSettings& project, std::vector<Problem>& problems) {
  const std::vector<std::string> names = provider_names(settings);
  const std::vector<std::string_view> views(names.begin(), names.end());
  const SourcePlace place = find_place(project.places, "providers", project.file);
  // A list that could not be read is no missing one.
  const auto is_unread = [&project](const Problem& known) {
    return known.place.file == project.file && known.message.starts_with("providers");
  };
  if (project.providers.empty() && project.type != "api" && project.type != "mcp" &&
      std::none_of(problems.begin(), problems.end(), is_unread))
    problems.push_back({place, "the project has no providers", "such as providers = [\"echo\"]"});
  for (const std::string& name : project.providers) {
    if (const auto row = find_provider_row(settings, name)) {
      // A row of the user's own is complained about where it stands.
      if (name != "echo" && base_urls(*row).empty() && settings.providers.count(name) == 0)
        problems.push_back({place, fmt::format("provider \"{}\" leads nowhere yet", name),
                            fmt::format("in pg.toml, under [providers.{}], {}", name, missing_url_hint(name))});
      continue;
    }
    const auto near = find_nearest(name, views);
    const bool disabled = is_disabled(settings, name);
    problems.push_back({place, fmt::format("{} provider \"{}\"", disabled ? "disabled" : "unknown", name),
                        disabled ? "enabled = false in " + settings.providers.at(name).where
                        : near   ? fmt::format("did you mean \"{}\"?", *near)
                                 : "add a table [providers." + name + "] to pg.toml"});
  }
}

// A word before a colon is a provider's name when there is such a provider; one that is there but not in this project is a
// mistake.
void check_aliases(const Settings& settings, const ProjectSettings& project, std::vector<Problem>& problems) {
  for (const auto& [alias, model] : project.aliases) {
    const std::string name = model.substr(0, model.find(':'));
    const bool is_own = std::find(project.providers.begin(), project.providers.end(), name) != project.providers.end();
    const bool is_off = is_disabled(settings, name);
    if (name == model || (!is_off && !find_provider_row(settings, name))) continue;
    const SourcePlace place = find_place(project.places, "aliases." + alias, project.file);
    if (model.back() == ':' && model.size() == name.size() + 1) {
      problems.push_back({place, fmt::format("alias \"{}\" names a provider and no model", alias),
                          fmt::format("such as {} = \"{}gpt-4o-mini\"", alias, model)});
    } else if (!is_own) {
      problems.push_back({place, fmt::format("alias \"{}\": the project does not use provider \"{}\"", alias, name),
                          is_off ? "it is disabled: enabled = false in " + settings.providers.at(name).where
                                 : fmt::format("add \"{}\" to its providers", name)});
    }
  }
}

// What may be meant, and is more likely a slip: an alias is looked up once, and an unknown word before a colon is part of a name.
void warn_aliases(const Settings& settings, const ProjectSettings& project, std::vector<std::string>& warnings) {
  const std::vector<std::string> names = provider_names(settings);
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto warn = [&](const std::string& alias, const std::string& what) {
    warnings.push_back(
        fmt::format("{}: alias \"{}\": {}", find_place(project.places, "aliases." + alias, project.file).text(), alias, what));
  };
  for (const auto& [alias, model] : project.aliases) {
    if (model != alias && project.aliases.count(model) != 0)
      warn(alias,
           fmt::format("\"{}\" is an alias itself, and here the name of a model: aliases are not followed further", model));
    const std::string name = model.substr(0, model.find(':'));
    if (name == model || is_disabled(settings, name) || find_provider_row(settings, name)) continue;
    const auto near = find_nearest(name, views);
    // A model of Ollama's ("llama3:8b") may look like a provider a little; who mistypes one seldom misses its first letter.
    if (near && near->front() == name.front())
      warn(alias, fmt::format("there is no provider \"{}\", so \"{}\" is the name of a model; did you mean \"{}\"?", name, model,
                              *near));
  }
}

void check_fallback(const Settings& settings, const ProjectSettings& project, std::vector<Problem>& problems) {
  const SourcePlace place = find_place(project.places, "fallback", project.file);
  const std::vector<std::string> names = provider_names(settings);
  const std::vector<std::string_view> views(names.begin(), names.end());
  for (const std::string& target : project.fallback) {
    const std::string name = target.substr(0, target.find(':'));
    const auto row = find_provider_row(settings, name);
    if (!row) {
      const auto near = find_nearest(name, views);
      problems.push_back({place, fmt::format("fallback: unknown provider \"{}\"", name),
                          near ? fmt::format("did you mean \"{}\"?", *near) : "write \"provider\" or \"provider:model\""});
    } else if (credentials_of(*row).front() == "client") {
      // A caller's key is for the provider it was meant for, not for whoever helps out.
      problems.push_back(
          {place, "a fallback needs a credential of its own", fmt::format("{} has credential = \"client\"", name)});
    }
  }
}

// With a model of its own it is another target; what a route sends elsewhere, or renames, may well come back.
bool is_asked_already(const ProjectSettings& project, const std::string& fallback) {
  if (project.providers.size() != 1 || project.providers.front() != fallback) return false;
  return std::all_of(project.routes.begin(), project.routes.end(), [&](const RouteSettings& route) {
    return !route.fallback.empty() || (route.model.empty() && (route.provider.empty() || route.provider == fallback));
  });
}

void warn_project_fallback(const ProjectSettings& project, std::vector<std::string>& warnings) {
  const std::string place = find_place(project.places, "fallback", project.file).text();
  for (auto target = project.fallback.begin(); target != project.fallback.end(); ++target) {
    if (is_asked_already(project, *target))
      warnings.push_back(
          fmt::format("{}: fallback \"{}\" is the provider itself, which is not asked for the same model again: name another, or "
                      "\"{}:MODEL\"",
                      place, *target, *target));
    if (std::find(project.fallback.begin(), target, *target) != target)
      warnings.push_back(fmt::format("{}: fallback names \"{}\" twice: once is enough", place, *target));
  }
}

// It would never grow from there.
void warn_breaker(const ProviderSettings& row, std::vector<std::string>& warnings) {
  const BreakerRules defaults;
  const Millis open = row.breaker_open.value_or(defaults.open);
  const Millis most = row.breaker_open_at_most.value_or(defaults.open_at_most);
  if (!row.enabled || open <= most) return;
  const char* key = row.breaker_open ? "breaker_open" : "breaker_open_at_most";
  warnings.push_back(
      fmt::format("{}: breaker_open ({}) is longer than breaker_open_at_most ({}): raise breaker_open_at_most, too",
                  find_place(row.places, key, row.where).text(), spell_duration(open.count()), spell_duration(most.count())));
}

void check_ids(const Settings& settings, std::vector<Problem>& problems) {
  std::map<std::string, const ProjectSettings*> by_id;
  for (const auto& [name, project] : settings.projects) {
    if (project.id.empty()) continue;
    const auto [first, fresh] = by_id.emplace(to_lower(project.id), &project);
    if (!fresh)
      problems.push_back({find_place(project.places, "id", project.file),
                          fmt::format("project \"{}\" has this id too", first->second->name),
                          "a copied file needs an id of its own"});
  }
}

bool is_vendor_host(const std::string& vendor, const std::string& host) {
  const auto known = shipped_providers().find(vendor);
  if (known == shipped_providers().end()) return false;
  const std::vector<std::string> urls = base_urls(known->second);
  return std::any_of(urls.begin(), urls.end(), [&](const std::string& url) { return host_of(url) == host; });
}

// The caller's own credential goes to its own vendor only, unless the row says whose credentials the host may see.
void check_client_credential(const ProviderSettings& own, const ProviderSettings& row, std::vector<Problem>& problems) {
  if (credentials_of(row).front() != "client" || own.vendor) return;
  for (const std::string& url : base_urls(row)) {
    const std::string host = host_of(url);
    if (is_vendor_host(*row.vendor, host) || is_loopback_host(host)) continue;
    problems.push_back({find_place(row.places, "credential", own.where),
                        fmt::format("callers' own credentials would go to {}", host),
                        "write vendor = \"…\" to say whose credentials that host may see"});
  }
}

// A cloud's credential is of its own kind, so nothing else may stand beside it in a row.
void check_cloud(const ProviderSettings& own, const ProviderSettings& row, std::vector<Problem>& problems) {
  const bool bedrock = !bedrock_url(row).empty();
  const int clouds = (row.azure_base_url ? 1 : 0) + (row.vertex_base_url ? 1 : 0) + (bedrock ? 1 : 0);
  const SourcePlace place = find_place(own.places, "", own.where);
  if (clouds > 0 && base_urls(row).size() > 1)
    problems.push_back(
        {place, fmt::format("provider \"{}\" mixes a cloud with another base URL", own.name), "make it two providers"});
  if (row.api_version && !row.azure_base_url)
    problems.push_back({find_place(own.places, "api_version", own.where), "api_version is for azure_base_url only", ""});
  if (bedrock && bedrock_region(row).empty())
    problems.push_back({find_place(own.places, "bedrock_base_url", own.where), "the region to sign for is unknown",
                        "such as region = \"us-east-1\""});
  const std::string auth = row.auth.value_or("");
  if ((auth == "sigv4" && !bedrock && !base_urls(row).empty()) ||
      (auth == "google" && !row.vertex_base_url && clouds == 0 && !base_urls(row).empty()))
    problems.push_back(
        {find_place(own.places, "auth", own.where),
         fmt::format("auth = \"{}\" is for {} only", auth, auth == "sigv4" ? "region or bedrock_base_url" : "vertex_base_url"),
         ""});
}

// As it is opened later: relative ones beside pg.toml.
std::string ca_path(const Settings& settings, const std::string& file) {
  const bool given = settings.loaded_with && settings.loaded_with->environment;
  const Environment environment = given ? *settings.loaded_with->environment : process_environment();
  return resolve_path(file, directory_of(settings.config_file), find_paths(environment).home);
}

void check_provider(const Settings& settings, const ProviderSettings& own, std::vector<Problem>& problems) {
  if (!own.enabled || own.flawed) return;
  const auto row = find_provider_row(settings, own.name);
  if (!row) return;
  const bool echo = own.name == "echo";
  const SourcePlace place = find_place(own.places, "", own.where);
  if (echo && !base_urls(*row).empty())
    problems.push_back({place, "echo lives inside pg and has no base URL", "choose another name"});
  if (!echo && base_urls(*row).empty())
    problems.push_back({place, fmt::format("provider \"{}\" leads nowhere", own.name), missing_url_hint(own.name)});
  if (own.credential && !own.credentials.empty())
    problems.push_back({find_place(own.places, "credentials", own.where), "credential and credentials are set both",
                        "put all of them into credentials, in the order in which they are to be tried"});
  check_cloud(own, *row, problems);
  if (row->ca_file.empty() || stamp_file(ca_path(settings, row->ca_file)).inode != 0)
    check_client_credential(own, *row, problems);
  else
    problems.push_back({find_place(own.places, "ca_file", own.where), "no such file", ""});
}

void check_open_door(const Settings& settings, std::vector<Problem>& problems) {
  if (is_loopback_host(settings.serve.host)) return;
  const std::string hint = "keep require_key = true, or host = \"127.0.0.1\"";
  if (!settings.serve.require_key)
    problems.push_back({find_place(settings.places, "serve.require_key", settings.config_file),
                        fmt::format("without keys, everybody who reaches {} could use your providers", settings.serve.host),
                        hint});
  for (const auto& [name, project] : settings.projects)
    if (project.require_key == false)
      problems.push_back({find_place(project.places, "require_key", project.file),
                          fmt::format("without keys, everybody who reaches {} could use your providers", settings.serve.host),
                          hint});
}

void warn_credential(const Settings& settings, const ProviderSettings& row, const Environment& environment,
                     std::vector<std::string>& warnings) {
  const std::string& name = row.name;
  for (const std::string& credential : credentials_of(row)) {
    if (credential.substr(0, 4) == "env:" && !find_variable(environment, credential.substr(4)))
      warnings.push_back(fmt::format("provider {}: environment variable {} is not set", name, credential.substr(4)));
    if (credential.substr(0, 5) == "file:") {
      const std::string path = credential_path(credential, settings, find_paths(environment).home);
      if (stamp_file(path).inode == 0) warnings.push_back(fmt::format("provider {}: {}: no such file", name, path));
    }
  }
  if (!row.ca_file.empty()) {
    const std::string path = ca_path(settings, row.ca_file);
    const Result<std::string> text = read_file(path, kMostCaBytes, FileTrust::shared);
    if (text && text->find("CERTIFICATE-----") == std::string::npos)
      warnings.push_back(fmt::format("provider {}: {}: there is no certificate in it", name, path));
  }
  if (credentials_of(row).front() == "none") return;
  for (const std::string& url : base_urls(row))
    if (url.substr(0, 5) == "http:" && !is_loopback_host(host_of(url)))
      warnings.push_back(fmt::format("provider {}: the credential travels unencrypted to {}", name, host_of(url)));
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  if (host == "localhost") return true;
  const auto address = parse_address(host);
  return address && address->is_loopback();
}

void check_settings(const Settings& settings, std::vector<Problem>& problems) {
  for (const auto& [name, row] : settings.providers) check_provider(settings, row, problems);
  for (const auto& [name, project] : settings.projects) {
    check_project_providers(settings, project, problems);
    check_aliases(settings, project, problems);
    check_fallback(settings, project, problems);
    check_endpoints(settings, project, problems);
    check_services(project, problems);
    check_mcp_servers(project, problems);
  }
  check_ids(settings, problems);
  check_routing(settings, problems);
  check_open_door(settings, problems);
  check_log_file(settings, problems);
}

std::vector<std::string> find_warnings(const Settings& settings, const Environment& environment) {
  std::vector<std::string> warnings;
  std::map<std::string, bool> used;
  for (const auto& [name, project] : settings.projects) {
    for (const std::string& provider : project.providers) used[provider] = true;
    for (const std::string& fallback : project.fallback) used[fallback.substr(0, fallback.find(':'))] = true;
    for (const RouteSettings& route : project.routes) {
      if (!route.provider.empty()) used[route.provider] = true;
      if (!route.fallback.empty()) used[route.fallback.substr(0, route.fallback.find(':'))] = true;
    }
  }
  for (const auto& [name, is_used] : used)
    if (const auto row = find_provider_row(settings, name)) warn_credential(settings, *row, environment, warnings);
  for (const auto& [name, row] : settings.providers) warn_breaker(row, warnings);
  for (const auto& [name, project] : settings.projects) {
    warn_aliases(settings, project, warnings);
    warn_project_fallback(project, warnings);
    warn_endpoints(settings, project, warnings);
    warn_services(settings, project, environment, warnings);
    warn_mcp_servers(settings, project, environment, warnings);
  }
  warn_routing(settings, warnings);
  return warnings;
}

}  // namespace pg
