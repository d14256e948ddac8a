// Building a Policy: providers with their credentials, projects with their guards, the key ring.
#include "config/build_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/knobs.h"
#include "config/providers.h"
#include "config/read_prices.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/secrets.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::uint64_t kMaxCredentialFile = 16384;

// Same text, same guards.
std::string spell_guards(GuardSettings guards) {
  std::string text;
  for (const auto& knob : guard_knobs()) text += fmt::format("{}={};", knob.key, knob_text(knob, knob.slot(guards)));
  for (const auto& [id, action] : guards.actions) text += fmt::format("{}={};", json_quoted(id), action_name(action));
  for (const auto& [id, values] : guards.allow) {
    text += json_quoted(id) + "+";
    for (const std::string& value : values) text += json_quoted(value) + ",";
  }
  for (const CustomRule& rule : guards.custom)
    text += fmt::format(";{}~{}={}", json_quoted(rule.name), json_quoted(rule.regex), action_name(rule.action));
  return text;
}

// Guards::make names the offender in quotes; its place is where a file set it.
SourcePlace place_of_offender(const std::string& message, const Settings& settings, const ProjectSettings* project) {
  const std::size_t open = message.find('"');
  const std::size_t close = message.find('"', open + 1);
  if (close != std::string::npos) {
    const std::string name = message.substr(open + 1, close - open - 1);
    for (const char* table : {"guards.custom.", "guards.rules.", "guards.allow."})
      for (const SourcePlaces* places : {project == nullptr ? nullptr : &project->places, &settings.places}) {
        if (places == nullptr) continue;
        if (const auto found = places->find(table + name); found != places->end()) return found->second;
      }
  }
  return {project == nullptr ? settings.config_file : project->file, 0, 0, "", 1};
}

class PolicyBuilder {
 public:
  PolicyBuilder(const Settings& settings, const PolicyParts& parts, std::vector<Problem>& problems)
      : settings_(settings), parts_(parts), problems_(problems) {}

  std::shared_ptr<const Policy> build() {
    auto policy = std::make_shared<Policy>();
    policy->version = parts_.version;
    policy->limits = settings_.limits;
    policy->allowed_hosts = settings_.serve.allowed_hosts;
    policy->allowed_origins = settings_.serve.allowed_origins;
    policy->keys = std::make_shared<const KeyRing>(parts_.keys);
    policy->logs = settings_.logs;
    policy->prices = build_prices(settings_);
    const std::size_t before = problems_.size();
    for (const auto& [name, wanted] : settings_.projects) {
      const auto project = build_project(wanted);
      if (project == nullptr) continue;
      policy->projects[project->id] = project;
      policy->projects[name] = project;
    }
    if (problems_.size() != before) return nullptr;
    return policy;
  }

  std::shared_ptr<const Guards> build_guards(const GuardSettings& guards, const ProjectSettings* project) {
    const std::string key = spell_guards(guards);
    if (parts_.guards != nullptr)
      if (const auto known = parts_.guards->find(key); known != parts_.guards->end()) return known->second;
    auto made = Guards::make(parts_.secrets, guards);
    if (!made) {
      Problem problem{place_of_offender(made.error().message, settings_, project), made.error().message, ""};
      // A default's mistake shows up once, not once per project.
      const auto same = [&](const Problem& other) { return problem_text(other) == problem_text(problem); };
      if (std::none_of(problems_.begin(), problems_.end(), same)) problems_.push_back(std::move(problem));
      return nullptr;
    }
    if (parts_.guards != nullptr) parts_.guards->insert_or_assign(key, made.value());
    return made.value();
  }

 private:
  std::shared_ptr<const Project> build_project(const ProjectSettings& wanted) {
    auto project = std::make_shared<Project>();
    project->id = to_lower(wanted.id);
    project->name = wanted.name;
    project->type = wanted.type;
    project->file = wanted.file;
    project->require_key = wanted.require_key.value_or(settings_.serve.require_key);
    project->keep_vaults = wanted.keep_vaults;
    project->keep_vaults_for = wanted.keep_vaults_for;
    project->guards = build_guards(wanted.guards, &wanted);
    if (project->guards == nullptr) return nullptr;
    const std::size_t colon = std::min(wanted.fallback.find(':'), wanted.fallback.size());
    if (!wanted.fallback.empty()) project->fallback = find_provider(wanted.fallback.substr(0, colon));
    project->fallback_model = wanted.fallback.substr(std::min(colon + 1, wanted.fallback.size()));
    project->fallback_on_failure = wanted.fallback_on_failure;
    project->aliases.insert(wanted.aliases.begin(), wanted.aliases.end());
    for (const std::string& name : wanted.providers)
      if (auto provider = find_provider(name)) project->providers.push_back(narrow_echo(std::move(provider), wanted));
    return project;
  }

  // Beside real providers echo answers only models that are named after it: it must never swallow a request by being first, nor
  // answer one that was meant for somebody who is missing.
  static std::shared_ptr<const Provider> narrow_echo(std::shared_ptr<const Provider> provider, const ProjectSettings& wanted) {
    if (!provider->echo || wanted.providers.size() < 2 || !provider->models.empty()) return provider;
    auto narrow = std::make_shared<Provider>(*provider);
    narrow->models = {"echo", "echo-*"};
    return narrow;
  }

  std::shared_ptr<const Provider> find_provider(const std::string& name) {
    const auto known = providers_.find(name);
    if (known != providers_.end()) return known->second;
    const auto row = find_provider_row(settings_, name);
    if (!row) return nullptr;
    return providers_.emplace(name, build_provider(*row)).first->second;
  }

  std::shared_ptr<const Provider> build_provider(const ProviderSettings& row) {
    auto provider = std::make_shared<Provider>();
    provider->name = row.name;
    provider->vendor = row.vendor.value_or(row.name);
    provider->echo = row.name == "echo";
    provider->headers = row.headers;
    provider->models = row.models;
    const std::string home = find_paths(parts_.environment).home;
    if (!row.ca_file.empty()) provider->ca_file = resolve_path(row.ca_file, directory_of(settings_.config_file), home);
    provider->connect_timeout = row.connect_timeout.value_or(provider->connect_timeout);
    provider->first_byte_timeout = row.first_byte_timeout.value_or(provider->first_byte_timeout);
    provider->idle_timeout = row.idle_timeout.value_or(provider->idle_timeout);
    add_outlets(row, *provider);
    add_credential(row, home, *provider);
    return provider;
  }

  static void add_outlets(const ProviderSettings& row, Provider& provider) {
    if (provider.echo) {
      for (const DialectId id : {DialectId::openai_chat, DialectId::openai_responses, DialectId::anthropic})
        provider.outlets.push_back({id, Url{}});
      return;
    }
    if (row.openai_base_url)
      if (const auto url = parse_url(*row.openai_base_url)) {
        provider.outlets.push_back({DialectId::openai_chat, url.value()});
        if (row.responses.value_or(true)) provider.outlets.push_back({DialectId::openai_responses, url.value()});
      }
    if (row.anthropic_base_url)
      if (const auto url = parse_url(*row.anthropic_base_url)) provider.outlets.push_back({DialectId::anthropic, url.value()});
  }

  void add_credential(const ProviderSettings& row, const std::string& home, Provider& provider) {
    const std::string credential = row.credential.value_or("none");
    if (credential == "client") {
      provider.auth = AuthStyle::client;
      return;
    }
    const std::string auth = row.auth.value_or(row.openai_base_url ? "bearer" : "x-api-key");
    if (credential == "none" || auth == "none") return;
    provider.auth = auth == "bearer" ? AuthStyle::bearer : AuthStyle::x_api_key;
    auto found = read_credential(credential, row.name, home);
    if (!found) {
      provider.credential_problem = found.error().message;
      return;
    }
    const std::string_view text = trim(found.value().reveal());
    const auto fits = [](char c) { return c >= 0x20 && c < 0x7f; };
    if (text.empty() || !std::all_of(text.begin(), text.end(), fits))
      provider.credential_problem = "the credential from " + credential + " is not one line of printable ASCII";
    else
      provider.credential = SecretString(text);
  }

  Result<SecretString> read_credential(const std::string& credential, const std::string& name, const std::string& home) {
    if (credential.substr(0, 4) == "env:") {
      const auto value = find_variable(parts_.environment, credential.substr(4));
      if (value) return SecretString(*value);
      // The shipped rows name a variable; `pg providers login NAME` must work beside them without an edit.
      if (parts_.open_sealed)
        if (auto stored = parts_.open_sealed(name)) return stored;
      return make_error(Code::not_found, fmt::format("environment variable {} is not set", credential.substr(4)));
    }
    if (credential.substr(0, 5) == "file:") {
      // Orchestrators mount secrets as links that others may read; their directory is what is private.
      PG_TRY(std::string text, read_file(credential_path(credential, settings_, home), kMaxCredentialFile, FileTrust::shared));
      SecretString secret(text);
      wipe(text.data(), text.size());
      return secret;
    }
    if (!parts_.open_sealed) return make_error(Code::not_found, "no sealed credentials here");
    return parts_.open_sealed(name);
  }

  const Settings& settings_;
  const PolicyParts& parts_;
  std::vector<Problem>& problems_;
  std::map<std::string, std::shared_ptr<const Provider>> providers_;
};

}  // namespace

std::shared_ptr<const Policy> build_policy(const Settings& settings, const PolicyParts& parts, std::vector<Problem>& problems) {
  return PolicyBuilder(settings, parts, problems).build();
}

void check_guards(const Settings& settings, std::vector<Problem>& problems) {
  PolicyParts parts;
  parts.secrets = shipped_secret_rules();
  PolicyBuilder builder(settings, parts, problems);
  if (builder.build_guards(settings.guards, nullptr) == nullptr) return;
  for (const auto& [name, project] : settings.projects) (void)builder.build_guards(project.guards, &project);
}

}  // namespace pg
