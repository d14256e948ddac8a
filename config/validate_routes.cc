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

SourcePlace place_of(const RouteSettings& route, const std::string& key) {
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
    const auto paths = route_paths();
    check_words("path", {paths.begin(), paths.end()});
  }

 private:
  void complain(const std::string& key, std::string message, std::string hint) {
    problems_.push_back({place_of(route_, key), std::move(message), std::move(hint)});
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

}  // namespace

void check_routing(const Settings& settings, std::vector<Problem>& problems) {
  for (const auto& [name, project] : settings.projects) {
    check_project_prompt(settings, project, problems);
    for (const RouteSettings& route : project.routes) RouteChecker(settings, project, route, problems).run();
  }
  check_hosts(settings, problems);
}

void warn_routing(const Settings& settings, std::vector<std::string>& warnings) {
  for (const auto& [name, project] : settings.projects)
    for (std::size_t i = 0; i + 1 < project.routes.size(); ++i) {
      if (!project.routes[i].match.empty()) continue;
      warnings.push_back(fmt::format("{}: \"{}\" takes every call, the routes behind it are never reached",
                                     place_of(project.routes[i], "").text(), project.routes[i].name));
      break;
    }
}

}  // namespace pg
