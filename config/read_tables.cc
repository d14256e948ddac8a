// One reader for every table: rows of the knob table by name, and a few tables whose keys are the user's own.
#include "config/read_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "config/checks.h"
#include "config/knobs.h"
#include "config/mcp_knobs.h"
#include "config/read_alerts.h"
#include "config/read_endpoints.h"
#include "config/read_guards.h"
#include "config/read_prices.h"
#include "config/read_routes.h"
#include "config/service_knobs.h"
#include "config/table_reader.h"
#include "core/base/text.h"
#include "core/guard/rule_file.h"
#include "core/route/routes.h"

namespace pg {
namespace {

constexpr std::int64_t kSchema = 1;

using Reader = TableReader;
using Handler = TableHandler;
using Handlers = TableHandlers;

void read_scan_rules(const Reader& reader, const TomlEntry& entry, ScanSettings& scan) {
  std::optional<RuleFlaw> flaw;
  (void)read_rules(reader.document.text, "scan.rule", true, flaw);
  if (flaw) return reader.complain(reader.document.place(flaw->line, flaw->column, 1), flaw->message);
  scan.rules.push_back({reader.document.file, reader.document.text});
  reader.note("rule", reader.document.key_place(entry));
}

void read_scan_allow(const Reader& reader, const TomlEntry& entry, ScanSettings& scan) {
  const TomlList* list = entry.value.list();
  if (list == nullptr)
    return reader.complain(reader.document.key_place(entry), "allow is a list of tables", "write [[scan.allow]]");
  for (const TomlValue& element : *list) {
    ScanAllow allow;
    allow.file = reader.document.file;
    std::string reason;
    const auto take = [](std::string& into) {
      return [&into](const Reader& within, const TomlEntry& field) {
        if (const std::string* text = within.text(field)) into = *text;
      };
    };
    const SourcePlace place = reader.document.value_place(element);
    if (element.table() == nullptr) return reader.complain(place, "an exception is a table", "write [[scan.allow]]");
    const Handlers handlers = {
        {"rule", take(allow.rule)}, {"path", take(allow.path)}, {"hash", take(allow.hash)}, {"reason", take(reason)}};
    read_table<ScanSettings>(reader, *element.table(), {}, scan, "", handlers);
    if (allow.path.empty() && allow.hash.empty())
      reader.complain(place, "an exception needs a path or a hash", "a rule that is not wanted at all: disable = [\"its-id\"]");
    const bool is_hash = allow.hash.size() == 16 && allow.hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!allow.hash.empty() && !is_hash)
      reader.complain(place, "hash is 16 hex digits, as pg scan prints them behind #", "a value without a hash: give its path");
    scan.allow.push_back(std::move(allow));
  }
  reader.note("allow", reader.document.key_place(entry));
}

void read_scan(const Reader& outer, const TomlEntry& entry, Settings& settings) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const auto into = [&settings](auto read) {
    return [&settings, read](const Reader& within, const TomlEntry& field) { read(within, field, settings.scan); };
  };
  read_table<Settings>(outer.within(entry.key), *table, settings_knobs(), settings, entry.key + ".",
                       {{"rule", into(read_scan_rules)}, {"allow", into(read_scan_allow)}});
}

struct NameMap {
  const char* complaint;  // about an empty name
  const char* hint;
};

void read_names(const Reader& outer, const TomlEntry& entry, const NameMap& words, std::map<std::string, std::string>& names) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const Reader reader = outer.within(entry.key);
  for (const TomlEntry& field : *table) {
    const std::string* name = reader.text(field);
    if (name == nullptr) continue;
    if (name->empty() || field.key.empty()) {
      reader.complain(reader.document.value_place(field.value), words.complaint, words.hint);
      continue;
    }
    names.insert_or_assign(field.key, *name);
    reader.note(field.key, reader.document.value_place(field.value));
  }
}

constexpr NameMap kAliases = {"an alias names a model", "such as fast = \"openai:gpt-4o-mini\""};
constexpr NameMap kModelNames = {"a model has a name", "such as \"gpt-4o\" = \"my-deployment\""};

void read_providers(const Reader& outer, const TomlEntry& entry, std::map<std::string, ProviderSettings>& providers) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const Reader reader = outer.within(entry.key);
  for (const TomlEntry& row : *table) {
    const TomlTable* fields = reader.table(row);
    if (fields == nullptr) continue;
    if (auto complaint = check_provider_name(row.key)) {
      reader.complain(reader.document.key_place(row), complaint->message, complaint->hint);
      continue;
    }
    ProviderSettings& provider = providers[row.key];
    provider.name = row.key;
    const SourcePlace place = reader.document.key_place(row);
    provider.where = fmt::format("{}:{}", place.file, place.line);
    provider.places[""] = place;
    const Reader inner{reader.document, reader.problems, reader.origins, provider.places, "", "providers." + row.key + "."};
    const Handlers handlers = {
        {"headers", [&](const Reader& within, const TomlEntry& field) { read_headers(within, field, provider.headers); }},
        {"guards", [&](const Reader& within, const TomlEntry& field) { read_guard_overlay(within, field, provider.guards); }},
        {"model_names",
         [&](const Reader& within, const TomlEntry& field) { read_names(within, field, kModelNames, provider.model_names); }}};
    const std::size_t before = inner.problems.size();
    read_table<ProviderSettings>(inner, *fields, provider_knobs(), provider, "", handlers);
    provider.flawed = inner.problems.size() != before;
  }
}

void read_endpoint_rates(const Reader& reader, const TomlEntry& entry, std::map<std::string, RateRules>& rates) {
  const TomlTable* rows = reader.table(entry);
  if (rows == nullptr) return;
  const Reader inner = reader.within(entry.key);
  const auto paths = route_paths();
  for (const TomlEntry& row : *rows) {
    if (std::find(paths.begin(), paths.end(), row.key) == paths.end()) {
      inner.unknown(row, {paths.begin(), paths.end()});
    } else if (const TomlTable* fields = inner.table(row)) {
      read_table<RateRules>(inner.within(row.key), *fields, rate_knobs(), rates[row.key], "");
    }
  }
}

void read_schema_version(const Reader& reader, const TomlEntry& entry) {
  const auto* number = std::get_if<std::int64_t>(&entry.value.value);
  const SourcePlace place = reader.document.value_place(entry.value);
  if (number == nullptr || *number < 1) return reader.complain(place, "schema must be 1");
  if (*number > kSchema)
    reader.complain(place, fmt::format("written for settings schema {}, this program knows {}", *number, kSchema),
                    "use a newer pg");
}

}  // namespace

void read_settings_tables(const TomlDocument& document, Loaded& loaded) {
  Settings& settings = loaded.settings;
  const Reader reader{document, loaded.problems, settings.origins, settings.places, "", ""};
  const auto section = [&](const Reader& within, const TomlEntry& entry) {
    if (const TomlTable* table = within.table(entry))
      read_table<Settings>(within.within(entry.key), *table, settings_knobs(), settings, entry.key + ".");
  };
  const Handlers handlers = {
      {"schema", read_schema_version},
      {"serve", section},
      {"limits", section},
      {"logs", section},
      {"budgets", section},
      {"prices", [&](const Reader& within,
                     const TomlEntry& entry) { read_price_rows(within.document, entry, settings.prices, within.problems); }},
      {"scan", [&](const Reader& within, const TomlEntry& entry) { read_scan(within, entry, settings); }},
      {"guards", [&](const Reader& within, const TomlEntry& entry) { read_guards(within, entry, settings.guards); }},
      {"providers", [&](const Reader& within, const TomlEntry& entry) { read_providers(within, entry, settings.providers); }},
      {"alerts", [&](const Reader& within, const TomlEntry& entry) { read_alerts(within, entry, settings.alerts); }},
      {"hosts", [&](const Reader& within, const TomlEntry& entry) { read_hosts(within, entry, settings.hosts); }},
      {"prompt_policies",
       [&](const Reader& within, const TomlEntry& entry) { read_prompt_policies(within, entry, settings.prompt_policies); }}};
  read_table<Settings>(reader, document.root, settings_knobs(), settings, "", handlers);
}

void read_repo_tables(const TomlDocument& document, Loaded& loaded) {
  Settings& settings = loaded.settings;
  const Reader reader{document, loaded.problems, settings.origins, settings.places, "", ""};
  constexpr std::array<std::string_view, 12> kUnsafe = {"budgets",      "serve", "limits",          "guards",
                                                        "providers",    "logs",  "prices",          "database",
                                                        "app_key_file", "hosts", "prompt_policies", "alerts"};
  TomlTable safe;
  for (const TomlEntry& entry : document.root) {
    if (std::find(kUnsafe.begin(), kUnsafe.end(), entry.key) == kUnsafe.end())
      safe.push_back(entry);
    else
      reader.complain(document.key_place(entry), fmt::format("\"{}\" must not stand in a checkout's .promptgate.toml", entry.key),
                      "whoever wrote the checkout could redirect requests or weaken guards; write it into your own pg.toml");
  }
  const Handler scan = [&](const Reader& within, const TomlEntry& entry) { read_scan(within, entry, settings); };
  read_table<Settings>(reader, safe, {}, settings, "", {{"schema", read_schema_version}, {"scan", scan}});
}

void read_project_tables(const TomlDocument& document, ProjectSettings& project, Origins& origins,
                         std::vector<Problem>& problems) {
  const Reader reader{document, problems, origins, project.places, "", "projects." + project.name + "."};
  const Handlers handlers = {
      {"schema", read_schema_version},
      {"guards", [&](const Reader& within, const TomlEntry& entry) { read_guards(within, entry, project.guards); }},
      {"route", [&](const Reader& within, const TomlEntry& entry) { read_routes(within, entry, project.routes); }},
      {"endpoints", [&](const Reader& within, const TomlEntry& entry) { read_endpoints(within, entry, project.endpoints); }},
      {"services", [&](const Reader& within, const TomlEntry& entry) { read_services(within, entry, project.services); }},
      {"servers", [&](const Reader& within, const TomlEntry& entry) { read_mcp_servers(within, entry, project.servers); }},
      {"limits",
       [&](const Reader& within, const TomlEntry& entry) {
         const Handler endpoints = [&](const Reader& inner, const TomlEntry& rows) {
           read_endpoint_rates(inner, rows, project.endpoint_rates);
         };
         if (const TomlTable* table = within.table(entry))
           read_table<ProjectSettings>(within.within(entry.key), *table, project_knobs(), project, entry.key + ".",
                                       {{"endpoints", endpoints}});
       }},
      {"aliases", [&](const Reader& within, const TomlEntry& entry) { read_names(within, entry, kAliases, project.aliases); }}};
  read_table<ProjectSettings>(reader, document.root, project_knobs(), project, "", handlers);
  const bool has_id =
      std::any_of(document.root.begin(), document.root.end(), [](const TomlEntry& entry) { return entry.key == "id"; });
  if (project.id.empty() && !has_id)
    problems.push_back({{document.file, 0, 0, "", 1}, "the project has no id", check_uuid("")->hint});
}

}  // namespace pg
