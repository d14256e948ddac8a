// Names are looked up as a call of the endpoint will look them up.
#include "config/validate_endpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/providers.h"
#include "core/base/text.h"

namespace pg {
namespace {

SourcePlace endpoint_place(const EndpointSettings& endpoint, const std::string& key) {
  const auto found = endpoint.places.find(key);
  return found == endpoint.places.end() ? endpoint.places.at("") : found->second;
}

bool has_provider(const ProjectSettings& project, std::string_view name) {
  return std::find(project.providers.begin(), project.providers.end(), name) != project.providers.end();
}

void check_model(const Settings& settings, const ProjectSettings& project, const EndpointSettings& endpoint,
                 std::vector<Problem>& problems) {
  if (project.aliases.count(endpoint.model) != 0) return;
  const std::string name = endpoint.model.substr(0, endpoint.model.find(':'));
  if (name == endpoint.model || has_provider(project, name) || !find_provider_row(settings, name)) return;
  problems.push_back({endpoint_place(endpoint, "model"), fmt::format("the project does not use provider \"{}\"", name),
                      fmt::format("add \"{}\" to its providers", name)});
}

void check_fallbacks(const Settings& settings, const EndpointSettings& endpoint, std::vector<Problem>& problems) {
  const std::vector<std::string> names = provider_names(settings);
  const std::vector<std::string_view> views(names.begin(), names.end());
  for (const std::string& target : endpoint.fallback) {
    const std::string name = target.substr(0, target.find(':'));
    const auto row = find_provider_row(settings, name);
    const auto near = find_nearest(name, views);
    if (!row)
      problems.push_back({endpoint_place(endpoint, "fallback"), fmt::format("fallback: unknown provider \"{}\"", name),
                          near ? fmt::format("did you mean \"{}\"?", *near) : "write \"provider\" or \"provider:model\""});
    else if (credentials_of(*row).front() == "client")
      problems.push_back({endpoint_place(endpoint, "fallback"), "a fallback needs a credential of its own",
                          fmt::format("{} has credential = \"client\"", name)});
  }
}

// What may be meant, and is more likely a slip.
void warn_model(const Settings& settings, const ProjectSettings& project, const EndpointSettings& endpoint,
                std::vector<std::string>& warnings) {
  if (project.aliases.count(endpoint.model) != 0) return;
  const std::string name = endpoint.model.substr(0, endpoint.model.find(':'));
  std::vector<std::string_view> views;
  const std::vector<std::string> names = provider_names(settings);
  if (name != endpoint.model && !find_provider_row(settings, name)) {
    views.assign(names.begin(), names.end());
    if (const auto near = find_nearest(name, views))
      warnings.push_back(fmt::format("{}: there is no provider \"{}\", so \"{}\" is the name of a model; did you mean \"{}\"?",
                                     endpoint_place(endpoint, "model").text(), name, endpoint.model, *near));
    return;
  }
  for (const auto& row : project.aliases) views.push_back(row.first);
  if (const auto near = name == endpoint.model ? find_nearest(name, views) : std::nullopt)
    warnings.push_back(fmt::format("{}: \"{}\" is no alias of the project, so it is the name of a model; did you mean \"{}\"?",
                                   endpoint_place(endpoint, "model").text(), endpoint.model, *near));
}

}  // namespace

void check_endpoints(const Settings& settings, const ProjectSettings& project, std::vector<Problem>& problems) {
  for (const auto& [name, endpoint] : project.endpoints) {
    if (endpoint.places.count("") == 0) continue;  // told of where it was read
    if (project.type != "gateway") {
      problems.push_back(
          {endpoint_place(endpoint, ""), "endpoints stand in a project of type \"gateway\"", "type = \"gateway\""});
      return;
    }
    check_model(settings, project, endpoint, problems);
    check_fallbacks(settings, endpoint, problems);
  }
}

void warn_endpoints(const Settings& settings, const ProjectSettings& project, std::vector<std::string>& warnings) {
  for (const auto& [name, endpoint] : project.endpoints) warn_model(settings, project, endpoint, warnings);
  if (project.type == "gateway" && project.endpoints.empty())
    warnings.push_back(fmt::format("{}: a gateway without endpoints answers nothing: add [endpoints.NAME]", project.file));
}

}  // namespace pg
