// Building a Policy: providers with their credentials, projects with their guards, the key ring.
#include "config/build_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/build_endpoint.h"
#include "config/build_mcp.h"
#include "config/build_services.h"
#include "config/checks.h"
#include "config/guard_overlay.h"
#include "config/knobs.h"
#include "config/outlets.h"
#include "config/providers.h"
#include "config/read_alerts.h"
#include "config/read_credential.h"
#include "config/read_prices.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/secrets.h"
#include "core/route/prompt_policy.h"
#include "core/store/files.h"

namespace pg {
namespace {

// Guards::make names the offender in quotes; its place is where a file set it.
SourcePlace place_of_offender(const std::string& message, const Settings& settings, const ProjectSettings* project,
                              const SourcePlaces* first = nullptr) {
  const std::size_t open = message.find('"'), close = message.find('"', open + 1);
  if (close != std::string::npos) {
    const std::string name = message.substr(open + 1, close - open - 1);
    for (const char* table : {"guards.custom.", "guards.rules.", "guards.allow."})
      for (const SourcePlaces* places : {first, project == nullptr ? nullptr : &project->places, &settings.places}) {
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
    const std::size_t before = problems_.size();
    auto policy = std::make_shared<Policy>();
    policy->version = parts_.version;
    policy->limits = settings_.limits;
    policy->allowed_hosts = settings_.serve.allowed_hosts;
    policy->allowed_origins = settings_.serve.allowed_origins;
    policy->capacity = lasting().capacity("all", rules_for(settings_.limits.max_concurrent));
    policy->keys = std::make_shared<const KeyRing>(limited_keys());
    policy->logs = settings_.logs;
    policy->refuse_unlogged = settings_.log.on_failure == "refuse";
    policy->metrics = metrics_access(settings_.serve.metrics);
    policy->revoke_streams = settings_.serve.revoke_streams;
    policy->budgets = build_budget_rules();
    policy->prices = build_prices(settings_);
    for (const std::string& text : settings_.serve.trusted_proxies)
      if (const auto network = parse_network(text)) policy->trusted_proxies.push_back(*network);
    policy->alerts = build_alerts(settings_, problems_);
    build_prompts();
    for (const auto& [name, wanted] : settings_.projects) {
      const auto project = build_project(wanted);
      if (project == nullptr) continue;
      policy->projects[project->id] = project;
      policy->projects[name] = project;
      policy->has_services |= project->type == "api";
      for (const Route& route : project->routes) policy->reads_arrival |= !route.globs(RouteTest::host).empty();
    }
    for (const auto& [host, row] : settings_.hosts)
      if (const auto found = policy->projects.find(row.project); found != policy->projects.end())
        policy->hosts[host] = found->second;
    policy->reads_arrival |= !policy->hosts.empty() || !policy->trusted_proxies.empty();
    if (problems_.size() != before) return nullptr;
    return policy;
  }

  std::shared_ptr<const Provider> find_provider(const std::string& name) {
    const auto known = providers_.find(name);
    if (known != providers_.end()) return known->second;
    const auto row = find_provider_row(settings_, name);
    if (!row) return nullptr;
    return providers_.emplace(name, build_provider(*row)).first->second;
  }

  /// `places`: where those guards were set before any other file.
  std::shared_ptr<const Guards> build_guards(const GuardSettings& guards, const ProjectSettings* project,
                                             const SourcePlaces* places = nullptr) {
    const std::string key = spell_guards(guards);
    if (parts_.guards != nullptr)
      if (const auto known = parts_.guards->find(key); known != parts_.guards->end()) return known->second;
    auto made = Guards::make(parts_.secrets, guards);
    if (!made) {
      Problem problem{place_of_offender(made.error().message, settings_, project, places), made.error().message, ""};
      // A default's mistake shows up once, not once per project.
      const auto same = [&](const Problem& other) { return problem_text(other) == problem_text(problem); };
      if (std::none_of(problems_.begin(), problems_.end(), same)) problems_.push_back(std::move(problem));
      return nullptr;
    }
    if (parts_.guards != nullptr) parts_.guards->insert_or_assign(key, made.value());
    return made.value();
  }

  GuardMaker guard_maker(const ProjectSettings& project) {
    return [this, &project](const GuardSettings& guards, const SourcePlaces& places) {
      return build_guards(guards, &project, &places);
    };
  }

  /// The project's guards as `provider`'s row wants them; nullptr when it says nothing, or what cannot be built (a problem).
  std::shared_ptr<const Guards> build_overlay(const ProjectSettings& project, const std::string& provider) {
    const auto row = find_provider_row(settings_, provider);
    if (!row || row->guards.empty()) return nullptr;
    return build_guards(lay_over(project.guards, row->guards), &project, &row->places);
  }

 private:
  void build_prompts() {
    for (const auto& [name, row] : settings_.prompt_policies) {
      const Placement placement = row.placement == "append"    ? Placement::append
                                  : row.placement == "replace" ? Placement::replace
                                                               : Placement::prepend;
      auto made = make_prompt_policy(name, row.text, placement);
      if (made)
        prompts_[name] = std::make_shared<const PromptPolicy>(std::move(made).value());
      else
        problems_.push_back({row.place, made.error().message, ""});
    }
  }

  std::shared_ptr<const PromptPolicy> find_prompt(const std::string& name) const {
    const auto found = prompts_.find(name);
    return found == prompts_.end() ? nullptr : found->second;
  }

  // "provider" or "provider:model"; one that is not there is told of by validation.
  void add_fallback(const std::string& text, std::vector<Fallback>& fallbacks) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (auto provider = find_provider(text.substr(0, colon)))
      fallbacks.push_back({std::move(provider), text.substr(std::min(colon + 1, text.size()))});
  }

  Route build_route(const RouteSettings& wanted) {
    Route route;
    route.name = wanted.name;
    for (const RouteTest test : kRouteTests)
      if (const auto globs = wanted.match.find(std::string(route_test_name(test))); globs != wanted.match.end())
        route.tests[static_cast<std::size_t>(test)] = globs->second;
    if (!wanted.provider.empty()) route.provider = find_provider(wanted.provider);
    route.model = wanted.model;
    route.prompt = find_prompt(wanted.prompt);
    route.no_prompt = wanted.prompt == "none";
    if (!wanted.fallback.empty()) add_fallback(wanted.fallback, route.fallbacks);
    return route;
  }

  void build_routes(const ProjectSettings& wanted, Project& project) {
    project.prompt = find_prompt(wanted.prompt);
    for (const RouteSettings& route : wanted.routes) project.routes.push_back(build_route(route));
    std::vector<const Provider*> reached;
    for (const auto& provider : project.providers) reached.push_back(provider.get());
    for (const Fallback& fallback : project.fallbacks) reached.push_back(fallback.provider.get());
    for (const Route& route : project.routes) {
      reached.push_back(route.provider.get());
      for (const Fallback& fallback : route.fallbacks) reached.push_back(fallback.provider.get());
    }
    for (const auto& [name, endpoint] : project.endpoints)
      for (const Fallback& fallback : endpoint.route.fallbacks) reached.push_back(fallback.provider.get());
    for (const Provider* provider : reached)
      if (provider != nullptr)
        if (auto guards = build_overlay(wanted, provider->name)) project.guards_by_provider[provider->name] = std::move(guards);
  }

  std::shared_ptr<const Project> build_project(const ProjectSettings& wanted) {
    auto project = std::make_shared<Project>();
    project->id = to_lower(wanted.id);
    project->name = wanted.name;
    project->type = wanted.type;
    project->file = wanted.file;
    project->require_key = wanted.require_key.value_or(settings_.serve.require_key);
    project->keep_bodies = wanted.log_bodies.value_or(settings_.log.bodies) == "redacted";
    project->keep_vaults = wanted.keep_vaults;
    project->keep_vaults_for = wanted.keep_vaults_for;
    project->limits = build_limits(SpendKind::project, wanted.name, "project " + project->id, wanted.limits);
    for (const auto& [path, rates] : wanted.endpoint_rates)
      project->endpoint_limits[path] = {fmt::format("project {} at {}", wanted.name, path),
                                        {rates},
                                        lasting().rate(fmt::format("project {} {}", project->id, path), rates),
                                        nullptr};
    project->guards = build_guards(wanted.guards, &wanted);
    if (project->guards == nullptr) return nullptr;
    for (const std::string& target : wanted.fallback) add_fallback(target, project->fallbacks);
    project->fallback_on_failure = wanted.fallback_on_failure;
    project->aliases.insert(wanted.aliases.begin(), wanted.aliases.end());
    project->outsiders = outsiders_of(settings_, wanted.providers);
    for (const std::string& name : wanted.providers)
      if (auto provider = find_provider(name)) project->providers.push_back(narrow_echo(std::move(provider), wanted));
    for (const auto& [name, row] : wanted.endpoints) add_endpoint(row, wanted.aliases, *project);
    build_routes(wanted, *project);
    project->services = build_services(wanted, settings_, parts_);
    project->mcp_servers = build_mcp_servers(wanted, settings_, parts_, guard_maker(wanted));
    return project;
  }

  void add_endpoint(const EndpointSettings& wanted, const std::map<std::string, std::string>& aliases, Project& project) {
    Endpoint endpoint = build_endpoint(wanted, aliases);
    for (const std::string& target : wanted.fallback) add_fallback(target, endpoint.route.fallbacks);
    const std::string name = fmt::format("{}/{}", project.name, wanted.name);
    endpoint.limits =
        build_limits(SpendKind::endpoint, name, fmt::format("endpoint {} {}", project.id, wanted.name), wanted.limits);
    project.endpoints.emplace(wanted.name, std::move(endpoint));
  }

  // Beside real providers echo answers only models that are named after it: it must never swallow a request by being first, nor
  // answer one that was meant for somebody who is missing.
  static std::shared_ptr<const Provider> narrow_echo(std::shared_ptr<const Provider> provider, const ProjectSettings& wanted) {
    if (!provider->echo || wanted.providers.size() < 2 || !provider->models.empty()) return provider;
    auto narrow = std::make_shared<Provider>(*provider);
    narrow->models = {"echo", "echo-*"};
    return narrow;
  }

  std::shared_ptr<const Provider> build_provider(const ProviderSettings& row) {
    auto provider = std::make_shared<Provider>();
    provider->name = row.name;
    provider->vendor = row.vendor.value_or(row.name);
    provider->echo = row.name == "echo";
    provider->headers = row.headers;
    provider->models = row.models;
    provider->model_names.insert(row.model_names.begin(), row.model_names.end());
    provider->max_output_tokens = row.max_output_tokens;
    const std::string home = find_paths(parts_.environment).home;
    if (!row.ca_file.empty()) provider->ca_file = resolve_path(row.ca_file, directory_of(settings_.config_file), home);
    provider->connect_timeout = row.connect_timeout.value_or(provider->connect_timeout);
    provider->first_byte_timeout = row.first_byte_timeout.value_or(provider->first_byte_timeout);
    provider->idle_timeout = row.idle_timeout.value_or(provider->idle_timeout);
    add_outlets(row, *provider);
    add_resilience(row, *provider);
    return add_credentials(row, *provider);
  }

  LastingState& lasting() { return parts_.lasting == nullptr ? own_lasting_ : *parts_.lasting; }

  CapacityRules rules_for(std::uint32_t places) const { return {places, settings_.limits.queue, settings_.limits.queue_timeout}; }

  std::vector<Key> limited_keys() {
    std::vector<Key> keys = parts_.keys;
    for (Key& key : keys) {
      const std::string id = fmt::format("key {}", key.id);
      if (key.concurrency != 0) key.capacity = lasting().capacity(id, rules_for(key.concurrency));
      key.limits = build_limits(SpendKind::key, key.name, id, key.rules);
    }
    return keys;
  }

  BudgetRules build_budget_rules() {
    const BudgetSettings& wanted = settings_.budgets;
    BudgetRules rules{nullptr, wanted.unknown_prices == "allow", wanted.reserve_output, wanted.warn_at};
    auto zone = TimeZone::find(wanted.time_zone);
    if (zone)
      rules.zone = std::move(zone).value();
    else
      complain(zone.error().message);
    return rules;
  }

  void complain(std::string message) { problems_.push_back({{settings_.config_file, 0, 0, "", 1}, std::move(message), ""}); }

  /// `id` names the counters, which must not change hands when a name does.
  std::shared_ptr<const CallLimits> build_limits(SpendKind kind, const std::string& name, const std::string& id,
                                                 const LimitRules& rules) {
    if (rules.empty()) return nullptr;
    auto limits = std::make_shared<CallLimits>();
    limits->whose = fmt::format("{} {}", spend_kind_name(kind), name);
    limits->rules = rules;
    limits->rate = lasting().rate(id, rules.rate);
    if (rules.budget == 0) return limits;
    limits->budget = lasting().budget(kind, name);
    if (limits->budget != nullptr) return limits;
    auto spent = parts_.read_spent ? parts_.read_spent(kind, name) : Result<SpentByMonth>(SpentByMonth());
    if (!spent) complain(fmt::format("the budget of {}: {}", limits->whose, spent.error().message));
    if (spent) limits->budget = lasting().add_budget(kind, name, std::move(spent).value());
    return limits;
  }

  void add_resilience(const ProviderSettings& row, Provider& provider) {
    CapacityRules rules = rules_for(row.concurrency);
    rules.queue = row.queue.value_or(rules.queue);
    rules.patience = row.queue_timeout.value_or(rules.patience);
    provider.capacity = lasting().capacity("provider " + row.name, rules);
    provider.rate_rules = row.rate;
    provider.rate = lasting().rate("provider " + row.name, row.rate);
    BreakerRules& breaker = provider.breaker;
    provider.breaker_always = row.breaker_failures.value_or(0) != 0;
    breaker.failures = row.breaker_failures.value_or(breaker.failures);
    breaker.window = row.breaker_window.value_or(breaker.window);
    breaker.open = row.breaker_open.value_or(breaker.open);
    breaker.open_at_most = row.breaker_open_at_most.value_or(breaker.open_at_most);
  }

  // With each further credential the provider is another target. What cannot be had is left out while another can.
  std::shared_ptr<const Provider> add_credentials(const ProviderSettings& row, const Provider& bare) {
    std::vector<std::shared_ptr<Provider>> targets;
    const std::vector<std::string> credentials = credentials_of(row);
    for (std::size_t i = 0; i < credentials.size(); ++i) {
      auto target = std::make_shared<Provider>(bare);
      target->label = i == 0 ? row.name : fmt::format("{}#{}", row.name, i + 1);
      add_credential(row, credentials[i], *target);
      target->health = lasting().health(*target);
      targets.push_back(std::move(target));
    }
    const auto is_able = [](const auto& target) { return target->credential_problem.empty(); };
    const auto first = std::find_if(targets.begin(), targets.end(), is_able);
    if (first == targets.end()) return targets.front();
    std::copy_if(first + 1, targets.end(), std::back_inserter((*first)->spares), is_able);
    return *first;
  }

  void add_credential(const ProviderSettings& row, const std::string& credential, Provider& provider) {
    if (provider.auth == AuthStyle::client || provider.auth == AuthStyle::none) return;
    auto found = read_own(credential, row);
    if (found && provider.auth == AuthStyle::sigv4) found = add_secret_key(credential, std::move(found).value());
    if (found && provider.auth == AuthStyle::google) found = follow_path(std::move(found).value(), row);
    const Status put = found ? put_credential(found.value().reveal(), row, provider) : Status(found.error());
    if (found && !put) provider.credential_problem = fmt::format("the credential from {}: {}", credential, put.error().message);
    if (!found) provider.credential_problem = found.error().message;
  }

  // AWS_ACCESS_KEY_ID names the half that is no secret; the other half, and a session token, are its neighbours.
  Result<SecretString> add_secret_key(const std::string& credential, SecretString key_id) {
    constexpr std::string_view kEnd = "ACCESS_KEY_ID";
    if (!credential.starts_with("env:") || !credential.ends_with(kEnd)) return key_id;
    const std::string family = credential.substr(4, credential.size() - 4 - kEnd.size());
    if (!find_variable(parts_.environment, credential.substr(4))) return key_id;  // a sealed one, whole
    const auto secret = find_variable(parts_.environment, family + "SECRET_ACCESS_KEY");
    if (!secret) return make_error(Code::not_found, fmt::format("environment variable {}SECRET_ACCESS_KEY is not set", family));
    const auto token = find_variable(parts_.environment, family + "SESSION_TOKEN");
    std::string joined = fmt::format("{}:{}{}{}", key_id.reveal(), *secret, token ? ":" : "", token.value_or(""));
    SecretString keys(joined);
    wipe(joined.data(), joined.size());
    return keys;
  }

  // GOOGLE_APPLICATION_CREDENTIALS holds the path of a key file; others hold the file itself.
  Result<SecretString> follow_path(SecretString text, const ProviderSettings& row) {
    if (trim(text.reveal()).starts_with('{')) return text;
    const std::string path = "file:" + std::string(trim(text.reveal()));
    return read_own(path, row);
  }

  Result<SecretString> read_own(const std::string& credential, const ProviderSettings& row) {
    return read_credential(credential, row.name, row.credentials.empty(), settings_, parts_);
  }

  const Settings& settings_;
  const PolicyParts& parts_;
  std::vector<Problem>& problems_;
  LastingState own_lasting_;
  std::map<std::string, std::shared_ptr<const Provider>> providers_;
  std::map<std::string, std::shared_ptr<const PromptPolicy>> prompts_;
};

}  // namespace

std::shared_ptr<const Policy> build_policy(const Settings& settings, const PolicyParts& parts, std::vector<Problem>& problems) {
  return PolicyBuilder(settings, parts, problems).build();
}

std::shared_ptr<const Provider> build_provider(const Settings& settings, const PolicyParts& parts, const std::string& name) {
  std::vector<Problem> problems;
  return PolicyBuilder(settings, parts, problems).find_provider(name);
}

void check_guards(const Settings& settings, std::vector<Problem>& problems) {
  PolicyParts parts;
  parts.secrets = shipped_secret_rules();
  PolicyBuilder builder(settings, parts, problems);
  if (builder.build_guards(settings.guards, nullptr) == nullptr) return;
  for (const auto& [name, project] : settings.projects) {
    (void)builder.build_guards(project.guards, &project);
    for (const auto& [provider, row] : settings.providers)
      if (!row.guards.empty()) (void)builder.build_overlay(project, provider);
    check_mcp_guards(project, builder.guard_maker(project));
  }
}

}  // namespace pg
