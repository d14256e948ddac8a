// Names are looked up among what pg.toml and the shipped rows hold; the nearest one is offered.
#include "config/validate_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/providers.h"
#include "core/base/text.h"
#include "core/route/routes.h"

namespace pg {
namespace {

std::string meant(std::string_view word, const std::vector<std::string>& names, std::string otherwise) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = find_nearest(word, views);
  return near ? fmt::format("did you mean \"{}\"?", *near) : std::move(otherwise);
}

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& row : map) names.push_back(row.first);
  return names;
}

SourcePlace route_place(const RouteSettings& route, const std::string& key) {
  const auto found = route.places.find(key);
  return found == route.places.end() ? route.places.at("") : found->second;
}

class RouteChecker {
 public:
  RouteChecker(const Settings& settings, const ProjectSettings& project, const RouteSettings& route,
               std::vector<Problem>& problems)
      : settings_(settings), project_(project), route_(route), problems_(problems) {}

  void run() {
    if (route_.provider.empty() && route_.model.empty() && route_.prompt.empty() && route_.fallback.empty())
      complain("", "this route changes nothing", "give it a provider, a model, a prompt or a fallback");
    if (!route_.provider.empty()) check_provider("provider", route_.provider);
    check_model();
    check_fallback();
    check_prompt();
    check_words("dialect", dialect_names());
    check_words("path", paths_of(project_));
  }

 private:
  void complain(const std::string& key, std::string message, std::string hint) {
    problems_.push_back({route_place(route_, key), std::move(message), std::move(hint)});
  }

  bool check_provider(const std::string& key, const std::string& name) {
    if (find_provider_row(settings_, name)) return true;
    const auto own = settings_.providers.find(name);
    const bool disabled = own != settings_.providers.end() && !own->second.enabled;
    complain(key, fmt::format("{} provider \"{}\"", disabled ? "disabled" : "unknown", name),
             disabled ? "enabled = false in " + own->second.where
                      : meant(name, provider_names(settings_), "add a table [providers." + name + "] to pg.toml"));
    return false;
  }

  // Without a provider beside it, the model is read as if a client of the project had asked for it.
  void check_model() {
    const std::string name = route_.model.substr(0, route_.model.find(':'));
    const bool is_own = std::find(project_.providers.begin(), project_.providers.end(), name) != project_.providers.end();
    if (!route_.provider.empty() || name == route_.model || is_own || project_.aliases.count(route_.model) != 0) return;
    if (!find_provider_row(settings_, name)) return;
    complain("model", fmt::format("the project does not use provider \"{}\"", name),
             fmt::format("write provider = \"{}\" and model = \"{}\"", name, route_.model.substr(name.size() + 1)));
  }

  void check_fallback() {
    if (route_.fallback.empty()) return;
    const std::string name = route_.fallback.substr(0, route_.fallback.find(':'));
    if (!check_provider("fallback", name)) return;
    if (find_provider_row(settings_, name)->credential == "client")
      complain("fallback", "a fallback needs a credential of its own", fmt::format("{} has credential = \"client\"", name));
  }

  void check_prompt() {
    if (route_.prompt.empty() || route_.prompt == "none" || settings_.prompt_policies.count(route_.prompt) != 0) return;
    complain("prompt", fmt::format("unknown prompt policy \"{}\"", route_.prompt),
             meant(route_.prompt, names_of(settings_.prompt_policies),
                   "add a table [prompt_policies." + route_.prompt + "] to pg.toml, or write \"none\""));
  }

  // A glob that fits none of the words there are is a slip.
  void check_words(const std::string& test, const std::vector<std::string>& words) {
    const auto globs = route_.match.find(test);
    if (globs == route_.match.end()) return;
    for (const std::string& glob : globs->second) {
      const auto fits = [&](const std::string& word) { return matches_glob(glob, word); };
      if (std::any_of(words.begin(), words.end(), fits)) continue;
      complain("match." + test, fmt::format("no call has the {} \"{}\"", test, glob),
               meant(glob, words, fmt::format("there are {}", fmt::join(words, ", "))));
    }
  }

  // A gateway answers at its endpoints alone.
  static std::vector<std::string> paths_of(const ProjectSettings& project) {
    std::vector<std::string> paths(route_paths().begin(), route_paths().end());
    if (project.type == "gateway") paths.clear();
    for (const auto& row : project.endpoints) paths.push_back(endpoint_path(row.first));
    return paths;
  }

  static std::vector<std::string> dialect_names() {
    std::vector<std::string> names;
    for (const Dialect& row : client_dialects()) names.emplace_back(row.name);
    return names;
  }

  const Settings& settings_;
  const ProjectSettings& project_;
  const RouteSettings& route_;
  std::vector<Problem>& problems_;
};

void check_hosts(const Settings& settings, std::vector<Problem>& problems) {
  for (const auto& [host, row] : settings.hosts) {
    const auto project = settings.projects.find(row.project);
    if (project == settings.projects.end()) {
      problems.push_back({row.place, fmt::format("unknown project \"{}\"", row.project),
                          meant(row.project, names_of(settings.projects), "pg projects add " + row.project)});
    } else if (!project->second.require_key.value_or(settings.serve.require_key)) {
      problems.push_back({row.place, fmt::format("without keys, everybody who reaches {} could use your providers", host),
                          fmt::format("require_key = true in the project \"{}\"", row.project)});
    }
  }
}

void check_project_prompt(const Settings& settings, const ProjectSettings& project, std::vector<Problem>& problems) {
  if (project.prompt.empty() || settings.prompt_policies.count(project.prompt) != 0) return;
  const auto place = project.places.find("prompt");
  problems.push_back({place == project.places.end() ? SourcePlace{project.file, 0, 0, "", 1} : place->second,
                      fmt::format("unknown prompt policy \"{}\"", project.prompt),
                      meant(project.prompt, names_of(settings.prompt_policies),
                            "add a table [prompt_policies." + project.prompt + "] to pg.toml")});
}

// What check_posture() of a running serve lets in, whatever the port.
std::vector<std::string> admitted_hosts(const Settings& settings) {
  std::vector<std::string> hosts = names_of(settings.hosts);
  hosts.insert(hosts.end(), {"localhost", "127.0.0.1", "[::1]", settings.serve.host});
  for (const std::string& host : settings.serve.allowed_hosts) hosts.push_back(to_lower(host));
  return hosts;
}

void warn_hosts(const RouteSettings& route, const std::vector<std::string>& admitted, std::vector<std::string>& warnings) {
  const auto globs = route.match.find("host");
  if (globs == route.match.end()) return;
  for (const std::string& glob : globs->second) {
    const std::string lower = to_lower(glob);
    if (std::any_of(admitted.begin(), admitted.end(), [&](const std::string& host) { return matches_glob(lower, host); }))
      continue;
    warnings.push_back(fmt::format("{}: \"{}\": no request may name the host \"{}\"; {}", route_place(route, "match.host").text(),
                                   route.name, glob, meant(lower, admitted, "add it to serve.allowed_hosts or [hosts]")));
  }
}

// For the same model the call would go where it comes from.
void warn_route_fallback(const RouteSettings& route, std::vector<std::string>& warnings) {
  if (route.provider.empty() || route.fallback != route.provider + (route.model.empty() ? "" : ":" + route.model)) return;
  warnings.push_back(
      fmt::format("{}: \"{}\": fallback \"{}\" is the provider itself, which is not asked for the same model again: name another",
                  route_place(route, "fallback").text(), route.name, route.fallback));
}

}  // namespace

void check_routing(const Settings& settings, std::vector<Problem>& problems) {
  for (const auto& [name, project] : settings.projects) {
    check_project_prompt(settings, project, problems);
    for (const RouteSettings& route : project.routes) RouteChecker(settings, project, route, problems).run();
  }
  check_hosts(settings, problems);
}

void warn_routing(const Settings& settings, std::vector<std::string>& warnings) {
  const std::vector<std::string> admitted = admitted_hosts(settings);
  for (const auto& [name, project] : settings.projects) {
    for (const RouteSettings& route : project.routes) {
      warn_hosts(route, admitted, warnings);
      warn_route_fallback(route, warnings);
    }
    for (std::size_t i = 0; i + 1 < project.routes.size(); ++i) {
      if (!project.routes[i].match.empty()) continue;
      warnings.push_back(fmt::format("{}: \"{}\" takes every call, the routes behind it are never reached",
                                     route_place(project.routes[i], "").text(), project.routes[i].name));
      break;
    }
  }
}

}  // namespace pg
