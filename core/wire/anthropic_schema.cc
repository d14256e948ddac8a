// Walks the places of a schema that hold schemas; what stands elsewhere (enum, const, default) is data.
#include "core/wire/anthropic_schema.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace pg {
namespace {

using SchemaJson = nlohmann::ordered_json;

constexpr int kMaxNesting = 128;

constexpr std::string_view kRefused[] = {"minimum",     "maximum",       "exclusiveMinimum", "exclusiveMaximum",
                                         "multipleOf",  "minLength",     "maxLength",        "maxItems",
                                         "uniqueItems", "minProperties", "maxProperties"};
constexpr std::string_view kFormats[] = {"date-time", "time", "date", "duration", "email",
                                         "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};

template <class List>
bool holds(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

bool is_refused(const std::string& key, const SchemaJson& value) {
  if (key == "minItems") return !(value == 0 || value == 1);
  if (key == "format") return !value.is_string() || !holds(kFormats, value.get_ref<const std::string&>());
  return holds(kRefused, key);
}

class SchemaFitter {
 public:
  void fit(SchemaJson& schema, int depth) {
    if (!schema.is_object() || depth > kMaxNesting) return;
    for (const char* key : {"properties", "$defs", "definitions"})
      if (const auto found = schema.find(key); found != schema.end() && found->is_object())
        for (SchemaJson& member : *found) fit(member, depth + 1);
    for (const char* key : {"anyOf", "oneOf", "allOf", "prefixItems"})
      if (const auto found = schema.find(key); found != schema.end() && found->is_array())
        for (SchemaJson& member : *found) fit(member, depth + 1);
    if (const auto items = schema.find("items"); items != schema.end()) fit(*items, depth + 1);
    describe_refused(schema);
    close_object(schema);
  }
  bool changed() const { return changed_; }

 private:
  void describe_refused(SchemaJson& schema) {
    std::string words;
    SchemaJson kept = SchemaJson::object();
    for (const auto& [key, value] : schema.items()) {
      if (!is_refused(key, value)) {
        kept[key] = value;
        continue;
      }
      words += (words.empty() ? "" : ", ") + key + ": " + value.dump(-1, ' ', false, SchemaJson::error_handler_t::replace);
    }
    if (words.empty()) return;
    changed_ = true;
    const bool described = kept.contains("description") && kept["description"].is_string();
    kept["description"] = (described ? kept["description"].get<std::string>() + "\n\n" : std::string()) + '{' + words + '}';
    schema = std::move(kept);
  }
  void close_object(SchemaJson& schema) {
    const bool object = schema.contains("type") ? schema["type"] == "object" : schema.contains("properties");
    if (!object || (schema.contains("additionalProperties") && schema["additionalProperties"] == false)) return;
    schema["additionalProperties"] = false;
    changed_ = true;
  }

  bool changed_ = false;
};

}  // namespace

std::string anthropic_schema(std::string_view schema, bool& changed) {
  SchemaJson root = SchemaJson::parse(schema, nullptr, false);
  if (!root.is_object()) return std::string(schema);
  SchemaFitter fitter;
  fitter.fit(root, 0);
  if (!fitter.changed()) return std::string(schema);
  changed = true;
  return root.dump(-1, ' ', false, SchemaJson::error_handler_t::replace);
}

}  // namespace pg
