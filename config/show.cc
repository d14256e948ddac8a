// Listing settings with their origins.
#include "config/show.h"

#include <fmt/format.h>

#include <utility>

#include "config/knobs.h"
#include "config/mcp_knobs.h"
#include "config/providers.h"
#include "config/read_prices.h"
#include "config/service_knobs.h"
#include "core/base/encode.h"
#include "core/guard/mask_secrets.h"

namespace pg {
namespace {

class Lister {
 public:
  explicit Lister(const Settings& settings) : settings_(settings) {}

  // An unset optional is no row. Slots are read only.
  template <class S>
  void add_knobs(const std::string& prefix, std::span<const Knob<S>> knobs, const S& source, const char* otherwise) {
    S copy = source;
    for (const Knob<S>& knob : knobs) {
      const std::string value = knob_text(knob, knob.slot(copy));
      if (!value.empty()) add(prefix + std::string(knob.key), value, otherwise);
    }
  }

  void add_guard_tables(const std::string& prefix, const GuardSettings& guards) {
    for (const auto& [id, action] : guards.actions) add(prefix + "rules." + id, json_quoted(action_name(action)), "pg.toml");
    for (auto [id, values] : guards.allow) add(prefix + "allow." + id, knob_text({id, KnobKind::list}, &values), "pg.toml");
    for (const CustomRule& rule : guards.custom)
      add(prefix + "custom." + rule.name, json_quoted(action_name(rule.action)) + " " + json_quoted(rule.regex), "pg.toml");
  }

  void add_overlay(const std::string& prefix, const GuardOverlay& overlay) {
    if (overlay.all) add(prefix + "guards", json_quoted(action_name(*overlay.all)), "pg.toml");
    GuardSettings own = overlay.own;
    for (const Knob<GuardSettings>& knob : guard_knobs())
      if (overlay.set.count(std::string(knob.key)) != 0)
        add(prefix + "guards." + std::string(knob.key), knob_text(knob, knob.slot(own)), "pg.toml");
    add_guard_tables(prefix + "guards.", overlay.own);
  }

  void add_routes(const std::string& prefix, const std::vector<RouteSettings>& routes) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
      const RouteSettings& route = routes[i];
      const std::string start = prefix + "route[" + std::to_string(i) + "].";
      for (auto [test, globs] : route.match) add(start + "match." + test, knob_text({test, KnobKind::list}, &globs), "");
      for (const auto& [key, value] : {std::pair("provider", &route.provider), std::pair("model", &route.model),
                                       std::pair("prompt", &route.prompt), std::pair("fallback", &route.fallback)})
        if (!value->empty()) add(start + key, json_quoted(*value), "");
    }
  }

  void add_endpoint(const std::string& prefix, const EndpointSettings& endpoint) {
    add_knobs(prefix, endpoint_knobs(), endpoint, "default");
    if (endpoint.temperature) add(prefix + "temperature", fmt::format("{}", *endpoint.temperature), "default");
    for (const auto& [key, schema] : {std::pair("input", &endpoint.input), std::pair("output", &endpoint.output)})
      if (!schema->file.empty() || !schema->text.empty())
        add(prefix + key, json_quoted(schema->file.empty() ? schema->text : schema->file), "default");
  }

  void add_service(const std::string& prefix, const ServiceSettings& service) {
    add_knobs(prefix, service_knobs(), service, "default");
    for (const auto& [header, value] : service.headers) add(prefix + "headers." + header, json_quoted(value), "");
    if (service.has_oauth) add_knobs(prefix + "oauth.", oauth_knobs(), service.oauth, "default");
  }

  void add_server(const std::string& prefix, const McpServerSettings& server) {
    McpServerSettings copy = server;
    for (std::string& word : copy.command) word = shown_argument(word);
    copy.http.base_url = shown_argument(copy.http.base_url);
    for (const Knob<McpServerSettings>& knob : mcp_server_knobs()) {
      const bool is_others = server.has_url ? knob.key == "command" || hint_of_program_key(knob.key) != nullptr
                                            : knob.key == "url" || hint_of_place_key(knob.key) != nullptr;
      const std::string value = is_others ? "" : knob_text(knob, knob.slot(copy));
      if (!value.empty()) add(prefix + std::string(knob.key), value, "default");
    }
    for (const auto& [variable, value] : server.env) add(prefix + "env." + variable, json_quoted(value), "");
    for (const auto& [header, value] : server.http.headers) add(prefix + "headers." + header, json_quoted(value), "");
    if (server.http.has_oauth) add_knobs(prefix + "oauth.", oauth_knobs(), server.http.oauth, "default");
    add_overlay(prefix, server.guards);
  }

  // A credential in the wrong place, such as a path or a name, is one all the same.
  void add(const std::string& key, const std::string& value, const char* otherwise) {
    const auto origin = settings_.origins.find(key);
    rows_.push_back(
        {without_secrets(key), without_secrets(value), origin == settings_.origins.end() ? otherwise : origin->second});
  }

  std::vector<ShownSetting> take() { return std::move(rows_); }

 private:
  const Settings& settings_;
  std::vector<ShownSetting> rows_;
};

}  // namespace

std::vector<ShownSetting> show_settings(const Settings& settings) {
  Lister lister(settings);
  lister.add_knobs("", settings_knobs(), settings, "default");
  lister.add_knobs("guards.", guard_knobs(), settings.guards, "default");
  lister.add_guard_tables("guards.", settings.guards);
  for (const auto& [host, row] : settings.hosts) lister.add("hosts." + host, json_quoted(row.project), "pg.toml");
  for (const auto& [name, row] : settings.prompt_policies) {
    lister.add("prompt_policies." + name + ".text", json_quoted(row.text), "pg.toml");
    lister.add("prompt_policies." + name + ".placement", json_quoted(row.placement), "default");
  }
  for (const auto& [name, row] : settings.alerts) lister.add_knobs("alerts." + name + ".", alert_knobs(), row, "default");
  for (const Price& price : settings.prices)
    for (const auto& [key, value] : price_fields(price))
      lister.add(fmt::format("prices.{}.{}", json_quoted(price.provider + "/" + price.model), key), value, "pg.toml");
  for (const std::string& name : provider_names(settings)) {
    const std::string prefix = "providers." + name + ".";
    const auto row = find_provider_row(settings, name);
    if (!row) continue;
    lister.add_knobs(prefix, provider_knobs(), *row, "shipped");
    for (const auto& [header, value] : row->headers)
      lister.add(prefix + "headers." + header, json_quoted(value), row->where.c_str());
    lister.add_overlay(prefix, row->guards);
    for (const auto& [model, called] : row->model_names)
      lister.add(prefix + "model_names." + model, json_quoted(called), row->where.c_str());
  }
  for (const auto& [name, project] : settings.projects) {
    const std::string prefix = "projects." + name + ".";
    lister.add_knobs(prefix, project_knobs(), project, "default");
    for (const auto& [path, rates] : project.endpoint_rates)
      lister.add_knobs(prefix + "limits.endpoints." + path + ".", rate_knobs(), rates, "default");
    lister.add_routes(prefix, project.routes);
    for (const auto& [endpoint, row] : project.endpoints) lister.add_endpoint(prefix + "endpoints." + endpoint + ".", row);
    for (const auto& [service, row] : project.services) lister.add_service(prefix + "services." + service + ".", row);
    for (const auto& [server, row] : project.servers) lister.add_server(prefix + "servers." + server + ".", row);
    lister.add_knobs(prefix + "guards.", guard_knobs(), project.guards, "default");
    lister.add_guard_tables(prefix + "guards.", project.guards);
  }
  return lister.take();
}

}  // namespace pg
