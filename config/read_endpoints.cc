// Values are looked at one by one here, prompts and schemas included; what they name is for validate_endpoints.cc.
#include "config/read_endpoints.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "config/checks.h"
#include "config/paths.h"
#include "core/base/text.h"
#include "core/route/schema.h"
#include "core/route/template.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

constexpr std::size_t kMaxEndpoints = 500;
constexpr std::size_t kMostPrompt = 262'144;
constexpr std::size_t kMostSchema = 1u << 20;
constexpr std::int64_t kThirtyDays = 30ll * 24 * 3600 * 1000;

std::optional<Complaint> check_effort(std::string_view text) {
  constexpr std::array<std::string_view, 7> kEfforts = {"none", "minimal", "low", "medium", "high", "xhigh", "max"};
  if (std::find(kEfforts.begin(), kEfforts.end(), text) != kEfforts.end()) return std::nullopt;
  return Complaint{"effort must be none, minimal, low, medium, high, xhigh or max", ""};
}

std::optional<Complaint> check_prompt_text(std::string_view text) {
  if (text.size() > kMostPrompt) return Complaint{fmt::format("longer than {} bytes", kMostPrompt), ""};
  const auto made = PromptTemplate::make(text);
  if (made) return std::nullopt;
  return Complaint{made.error().message, "such as {{text}} or {{words|100}}"};
}

#define PG_ENDPOINT_SLOT(field) [](EndpointSettings& s) -> KnobSlot { return &s.field; }

constexpr auto kEndpointKnobs = [] {
  using enum KnobKind;
  return std::to_array<Knob<EndpointSettings>>({
      {{"description", text, 0, 0, check_plain_text}, PG_ENDPOINT_SLOT(description)},
      {{"model", text, 0, 0, check_plain_text}, PG_ENDPOINT_SLOT(model)},
      {{"fallback", one_or_more, 0, 0, check_plain_text}, PG_ENDPOINT_SLOT(fallback)},
      {{"system", text, 0, 0, check_prompt_text}, PG_ENDPOINT_SLOT(system)},
      {{"prompt", text, 0, 0, check_prompt_text}, PG_ENDPOINT_SLOT(prompt)},
      {{"max_output_tokens", number, 0, 10'000'000}, PG_ENDPOINT_SLOT(max_output_tokens)},
      {{"effort", text, 0, 0, check_effort}, PG_ENDPOINT_SLOT(effort)},
      {{"output_retries", number, 0, 3}, PG_ENDPOINT_SLOT(output_retries)},
      {{"session", duration, 0, kThirtyDays}, PG_ENDPOINT_SLOT(session)},
      {{"limits.rpm", number, 0, kMostCalls}, PG_ENDPOINT_SLOT(limits.rate.rpm)},
      {{"limits.rph", number, 0, kMostCalls}, PG_ENDPOINT_SLOT(limits.rate.rph)},
      {{"limits.max_tokens", number, 0, 1'000'000'000}, PG_ENDPOINT_SLOT(limits.max_tokens)},
      {{"limits.budget", usd, 1, kMostUsd}, PG_ENDPOINT_SLOT(limits.budget)},
  });
}();

#undef PG_ENDPOINT_SLOT

// False for what JSON has no word for.
bool write_toml(JsonOut& json, const TomlValue& value) {
  if (const bool* flag = std::get_if<bool>(&value.value))
    json.raw(*flag ? "true" : "false");
  else if (const auto* whole = std::get_if<std::int64_t>(&value.value))
    json.number(*whole);
  else if (const auto* real = std::get_if<double>(&value.value); real != nullptr && std::isfinite(*real))
    json.raw(fmt::format("{}", *real));
  else if (const std::string* text = value.text())
    json.string(*text);
  else if (const TomlList* list = value.list()) {
    json.open_array();
    for (const TomlValue& element : *list)
      if (!write_toml(json, element)) return false;
    json.close_array();
  } else if (const TomlTable* table = value.table()) {
    json.open_object();
    for (const TomlEntry& entry : *table) {
      json.any_key(entry.key);
      if (!write_toml(json, entry.value)) return false;
    }
    json.close_object();
  } else {
    return false;
  }
  return true;
}

void check_schema(const SourcePlace& place, const std::string& text, std::vector<Problem>& problems) {
  const auto made = JsonSchema::make(text);
  if (!made) problems.push_back({place, "the schema: " + (text.empty() ? "the file is empty" : made.error().message), ""});
}

void read_schema(const TableReader& reader, const TomlEntry& entry, SchemaSettings& schema) {
  schema.place = reader.document.value_place(entry.value);
  reader.note(entry.key, schema.place);
  if (const std::string* text = entry.value.text()) {
    if (trim(*text).starts_with('{'))
      schema.text = *text;
    else
      schema.file = *text;
    if (schema.file.empty()) check_schema(schema.place, schema.text, reader.problems);
    return;
  }
  JsonOut json(schema.text);
  if (entry.value.table() == nullptr || !write_toml(json, entry.value)) {
    schema.text.clear();
    return reader.complain(schema.place, entry.key + " is a JSON Schema: a file's name, a table, or JSON in quotes");
  }
  check_schema(schema.place, schema.text, reader.problems);
}

void read_temperature(const TableReader& reader, const TomlEntry& entry, EndpointSettings& endpoint) {
  const auto* whole = std::get_if<std::int64_t>(&entry.value.value);
  const auto* real = std::get_if<double>(&entry.value.value);
  const double value = whole != nullptr ? static_cast<double>(*whole) : real != nullptr ? *real : -1;
  if (!(value >= 0 && value <= 2))
    return reader.complain(reader.document.value_place(entry.value), "temperature is a number from 0 to 2");
  endpoint.temperature = value;
  reader.note(entry.key, reader.document.value_place(entry.value));
}

void read_limits(const TableReader& reader, const TomlEntry& entry, EndpointSettings& endpoint) {
  if (const TomlTable* table = reader.table(entry))
    read_table<EndpointSettings>(reader.within(entry.key), *table, endpoint_knobs(), endpoint, "limits.");
}

void read_endpoint(const TableReader& outer, const TomlEntry& row, EndpointSettings& endpoint) {
  const TomlTable* fields = outer.table(row);
  if (fields == nullptr) return;
  endpoint.name = row.key;
  endpoint.places[""] = outer.document.key_place(row);
  const TableReader reader{outer.document,
                           outer.problems,
                           outer.origins,
                           endpoint.places,
                           "",
                           fmt::format("{}{}{}.", outer.origin_prefix, outer.prefix, row.key)};
  const TableHandlers handlers = {
      {"input", [&](const TableReader& r, const TomlEntry& e) { read_schema(r, e, endpoint.input); }},
      {"output", [&](const TableReader& r, const TomlEntry& e) { read_schema(r, e, endpoint.output); }},
      {"temperature", [&](const TableReader& r, const TomlEntry& e) { read_temperature(r, e, endpoint); }},
      {"limits", [&](const TableReader& r, const TomlEntry& e) { read_limits(r, e, endpoint); }}};
  const std::size_t before = reader.problems.size();
  read_table<EndpointSettings>(reader, *fields, endpoint_knobs(), endpoint, "", handlers);
  if (reader.problems.size() != before) return;
  if (endpoint.model.empty())
    reader.complain(endpoint.places[""], "the endpoint has no model", "such as model = \"openai:gpt-4o-mini\"");
  if (trim(endpoint.prompt).empty())
    reader.complain(endpoint.places[""], "the endpoint has no prompt", "such as prompt = \"Sum up: {{text}}\"");
}

void load_schema(const ProjectSettings& project, SchemaSettings& schema, std::vector<std::pair<std::string, FileStamp>>& stamps,
                 std::vector<Problem>& problems) {
  if (schema.file.empty()) return;
  const std::string path = resolve_path(schema.file, directory_of(project.file), "");
  stamps.emplace_back(path, stamp_file(path));
  auto text = read_file(path, kMostSchema, FileTrust::shared);
  if (!text) {
    problems.push_back({schema.place, text.error().message, ""});
    return;
  }
  schema.text = std::move(text).value();
  check_schema(schema.place, schema.text, problems);
}

}  // namespace

std::span<const Knob<EndpointSettings>> endpoint_knobs() {
  return kEndpointKnobs;
}

void read_endpoints(const TableReader& outer, const TomlEntry& entry, std::map<std::string, EndpointSettings>& endpoints) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  if (table->size() > kMaxEndpoints)
    return outer.complain(outer.document.key_place(entry), fmt::format("more than {} endpoints", kMaxEndpoints));
  const TableReader reader = outer.within(entry.key);
  for (const TomlEntry& row : *table) {
    if (check_provider_name(row.key))
      reader.complain(reader.document.key_place(row),
                      "an endpoint's name is lower-case letters, digits, dashes and underscores, 63 at most");
    else
      read_endpoint(reader, row, endpoints[row.key]);
  }
}

void load_schemas(ProjectSettings& project, std::vector<std::pair<std::string, FileStamp>>& stamps,
                  std::vector<Problem>& problems) {
  for (auto& [name, endpoint] : project.endpoints) {
    load_schema(project, endpoint.input, stamps, problems);
    load_schema(project, endpoint.output, stamps, problems);
  }
}

}  // namespace pg
