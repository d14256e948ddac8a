// Values are checked one by one here; whether they name something that exists is for validate_routes.cc.
#include "config/read_routes.h"

#include <fmt/format.h>

#include <array>

#include "config/checks.h"
#include "core/base/text.h"
#include "core/route/prompt_policy.h"

namespace pg {
namespace {

constexpr std::size_t kMaxRoutes = 500;
constexpr std::size_t kMaxPromptBytes = 65'536;

// One text or a list of them.
std::vector<std::string> read_globs(const TableReader& reader, const TomlEntry& entry) {
  std::vector<std::string> globs;
  if (const std::string* one = entry.value.text()) globs.push_back(*one);
  if (const TomlList* list = entry.value.list())
    for (const TomlValue& element : *list)
      if (const std::string* text = element.text()) globs.push_back(*text);
  const bool whole = entry.value.list() == nullptr || entry.value.list()->size() == globs.size();
  const bool plain = std::all_of(globs.begin(), globs.end(), [](const std::string& glob) { return !check_plain_text(glob); });
  if (whole && plain && !globs.empty()) return globs;
  reader.complain(reader.document.value_place(entry.value), entry.key + " is a text, or a list of texts of which one must fit",
                  "such as \"claude-*\"");
  return {};
}

void read_match(const TableReader& outer, const TomlEntry& entry, RouteSettings& route) {
  const TomlTable* table = entry.value.table();
  if (table == nullptr)
    return outer.complain(outer.document.value_place(entry.value), "match is a table",
                          "such as match = { model = \"claude-*\" }");
  const TableReader reader = outer.within("match");
  std::vector<std::string_view> known;
  for (const RouteTest test : kRouteTests) known.push_back(route_test_name(test));
  for (const TomlEntry& field : *table) {
    if (std::find(known.begin(), known.end(), field.key) == known.end()) {
      reader.unknown(field, known);
      continue;
    }
    std::vector<std::string> globs = read_globs(reader, field);
    if (field.key == "host")
      for (std::string& glob : globs) glob = to_lower(glob);
    route.match.insert_or_assign(field.key, std::move(globs));
    reader.note(field.key, reader.document.value_place(field.value));
  }
}

void read_route(const TableReader& outer, const TomlValue& element, std::vector<RouteSettings>& routes) {
  const SourcePlace place = outer.document.value_place(element);
  if (element.table() == nullptr) return outer.complain(place, "a route is a table", "write [[route]]");
  RouteSettings route;
  route.places[""] = place;
  const TableReader reader{outer.document,
                           outer.problems,
                           outer.origins,
                           route.places,
                           "",
                           fmt::format("{}route[{}].", outer.origin_prefix, routes.size())};
  const auto take = [](std::string& into) {
    return [&into](const TableReader& within, const TomlEntry& entry) {
      const std::string* text = within.text(entry);
      if (text == nullptr) return;
      if (check_plain_text(*text))
        return within.complain(within.document.value_place(entry.value),
                               entry.key + " must not be empty or hold control characters");
      into = *text;
      within.note(entry.key, within.document.value_place(entry.value));
    };
  };
  const TableHandlers handlers = {
      {"name", take(route.name)},         {"match", [&](const TableReader& r, const TomlEntry& e) { read_match(r, e, route); }},
      {"provider", take(route.provider)}, {"model", take(route.model)},
      {"prompt", take(route.prompt)},     {"fallback", take(route.fallback)}};
  read_table<RouteSettings>(reader, *element.table(), {}, route, "", handlers);
  if (route.name.empty()) route.name = fmt::format("route {}", routes.size() + 1);
  routes.push_back(std::move(route));
}

void read_placement(const TableReader& reader, const TomlEntry& entry, PromptPolicySettings& policy) {
  constexpr std::array<std::string_view, 3> kPlacements = {"prepend", "append", "replace"};
  const std::string* word = reader.text(entry);
  if (word == nullptr) return;
  if (std::find(kPlacements.begin(), kPlacements.end(), *word) == kPlacements.end()) {
    const auto near = find_nearest(*word, kPlacements);
    return reader.complain(reader.document.value_place(entry.value), "placement must be \"prepend\", \"append\" or \"replace\"",
                           near ? fmt::format("did you mean \"{}\"?", *near) : "");
  }
  policy.placement = *word;
  reader.note(entry.key, reader.document.value_place(entry.value));
}

void read_prompt_text(const TableReader& reader, const TomlEntry& entry, PromptPolicySettings& policy) {
  const std::string* text = reader.text(entry);
  if (text == nullptr) return;
  policy.text = *text;
  policy.place = reader.document.value_place(entry.value);
  reader.note(entry.key, policy.place);
  if (trim(*text).empty() || text->size() > kMaxPromptBytes)
    reader.complain(policy.place, fmt::format("text must not be empty, nor longer than {} bytes", kMaxPromptBytes));
  else if (const auto made = make_prompt_policy("", *text, Placement::prepend); !made)
    reader.complain(policy.place, made.error().message, "an answer that repeats it could show a redacted value instead");
}

}  // namespace

void read_hosts(const TableReader& outer, const TomlEntry& entry, std::map<std::string, HostSettings>& hosts) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const TableReader reader = outer.within(entry.key);
  for (const TomlEntry& field : *table) {
    const std::string* project = reader.text(field);
    if (project == nullptr) continue;
    const std::string host = to_lower(field.key);
    if (auto complaint = check_host_name(host)) {
      reader.complain(reader.document.key_place(field), "not a host name: " + complaint->message,
                      "such as \"llm.example.com\" = \"default\"");
      continue;
    }
    if (!hosts.emplace(host, HostSettings{*project, reader.document.value_place(field.value)}).second)
      reader.complain(reader.document.key_place(field), fmt::format("the host \"{}\" stands here twice", host));
    reader.note(host, reader.document.value_place(field.value));
  }
}

void read_prompt_policies(const TableReader& outer, const TomlEntry& entry,
                          std::map<std::string, PromptPolicySettings>& policies) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const TableReader reader = outer.within(entry.key);
  for (const TomlEntry& row : *table) {
    const TomlTable* fields = reader.table(row);
    if (fields == nullptr) continue;
    const SourcePlace place = reader.document.key_place(row);
    if (check_provider_name(row.key) || row.key == "none") {
      reader.complain(place, "a prompt policy's name is lower-case letters, digits, dashes and underscores, and not \"none\"");
      continue;
    }
    PromptPolicySettings policy;
    const TableHandlers handlers = {
        {"text", [&](const TableReader& r, const TomlEntry& e) { read_prompt_text(r, e, policy); }},
        {"placement", [&](const TableReader& r, const TomlEntry& e) { read_placement(r, e, policy); }}};
    read_table<PromptPolicySettings>(reader.within(row.key), *fields, {}, policy, "", handlers);
    if (policy.place.line == 0) reader.complain(place, fmt::format("prompt policy \"{}\" has no text", row.key), "text = \"…\"");
    policies.insert_or_assign(row.key, std::move(policy));
  }
}

void read_routes(const TableReader& reader, const TomlEntry& entry, std::vector<RouteSettings>& routes) {
  const TomlList* list = entry.value.list();
  if (list == nullptr) return reader.complain(reader.document.key_place(entry), "route is a list of tables", "write [[route]]");
  if (list->size() > kMaxRoutes)
    return reader.complain(reader.document.key_place(entry), fmt::format("more than {} routes", kMaxRoutes));
  for (const TomlValue& element : *list) read_route(reader, element, routes);
}

}  // namespace pg
