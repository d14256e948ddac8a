// Inlines $ref, merges allOf, turns const into enum and null types into nullable, and keeps only keywords Gemini knows.
#include "core/wire/gemini_schema.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pg {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxSchemaDepth = 24;        // a recursive type never ends; deeper than this it becomes a plain object
constexpr std::size_t kMaxNodes = 20'000;  // and references may fan out
constexpr std::size_t kMaxLayers = 64;     // or run in a circle

// Keywords of Gemini's Schema object.
constexpr std::string_view kKept[] = {"description",   "title",     "minItems",  "maxItems", "minimum",
                                      "maximum",       "minLength", "maxLength", "pattern",  "minProperties",
                                      "maxProperties", "default",   "example"};
// Words that say nothing about the values.
constexpr std::string_view kHarmless[] = {"$schema",  "$id",      "$defs",     "definitions", "$comment", "additionalProperties",
                                          "examples", "readOnly", "writeOnly", "deprecated",  "strict"};

template <std::size_t N>
bool is_one_of(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

class SchemaCutter {
 public:
  explicit SchemaCutter(const Json& root) : root_(root) {}

  Json cut(const Json& schema, int depth) {
    std::vector<const Json*> layers;
    if (depth > kMaxSchemaDepth || !gather(schema, layers)) {
      lost_ = lost_ || !schema.is_boolean();
      return Json{{"type", "object"}};
    }
    Json out = Json::object();
    for (const Json* layer : layers) {
      for (const auto& [key, value] : layer->items()) copy(key, value, depth, out);
    }
    return out;
  }
  bool lost() const { return lost_; }

 private:
  /// The schema, what it refers to, and the parts of its allOf: the first that says something about a keyword is believed.
  bool gather(const Json& schema, std::vector<const Json*>& layers) {
    if (!schema.is_object() || ++nodes_ > kMaxNodes || layers.size() > kMaxLayers) return false;
    layers.push_back(&schema);
    if (schema.contains("$ref")) {
      const Json* target = schema["$ref"].is_string() ? find(schema["$ref"].get<std::string>()) : nullptr;
      if (target == nullptr || !gather(*target, layers)) return false;
    }
    if (!schema.contains("allOf") || !schema["allOf"].is_array()) return true;
    for (const Json& part : schema["allOf"]) {
      if (!gather(part, layers)) return false;
    }
    return true;
  }
  const Json* find(const std::string& ref) const {
    if (!ref.starts_with("#")) return nullptr;
    const Json* at = &root_;
    std::size_t from = ref.find('/');
    while (from != std::string::npos) {
      const std::size_t to = ref.find('/', from + 1);
      const std::string name = ref.substr(from + 1, to == std::string::npos ? to : to - from - 1);
      if (!at->is_object() || !at->contains(name)) return nullptr;
      at = &(*at)[name];
      from = to;
    }
    return at;
  }

  void copy(const std::string& key, const Json& value, int depth, Json& out) {
    if (key == "properties" && value.is_object()) {
      Json& members = out.emplace(key, Json::object()).first.value();
      for (const auto& [name, member] : value.items()) {
        if (!members.contains(name)) members[name] = cut(member, depth + 1);
      }
    } else if (key == "required" && value.is_array()) {
      Json& names = out.emplace(key, Json::array()).first.value();
      for (const Json& name : value) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    } else if (out.contains(key) || key == "$ref" || key == "allOf") {
      return;
    } else if (key == "type") {
      copy_type(value, out);
    } else if (key == "items" && value.is_object()) {
      out[key] = cut(value, depth + 1);
    } else if ((key == "anyOf" || key == "oneOf") && value.is_array()) {
      copy_choices(value, depth, out);
    } else if (key == "const") {
      copy_enum(Json::array({value}), out);
    } else if (key == "enum" && value.is_array()) {
      copy_enum(value, out);
    } else if (key == "format" && (value == "enum" || value == "date-time")) {
      out[key] = value;
    } else if (is_one_of(kKept, key) || key == "nullable") {
      out[key] = value;
    } else if (!is_one_of(kHarmless, key)) {
      lost_ = true;
    }
  }
  void copy_type(const Json& type, Json& out) {
    if (!type.is_array()) {
      out["type"] = type;
      return;
    }
    Json kinds = Json::array();
    for (const Json& kind : type) {
      if (kind == "null") {
        out["nullable"] = true;
      } else {
        kinds.push_back(kind);
      }
    }
    if (kinds.size() == 1) {
      out["type"] = kinds[0];
    } else {
      Json& choices = out["anyOf"] = Json::array();
      for (const Json& kind : kinds) choices.push_back(Json{{"type", kind}});
    }
  }
  void copy_choices(const Json& choices, int depth, Json& out) {
    Json kept = Json::array();
    for (const Json& choice : choices) {
      const bool null = choice.is_object() && choice.contains("type") && choice["type"] == "null";
      if (null) {
        out["nullable"] = true;
      } else {
        kept.push_back(cut(choice, depth + 1));
      }
    }
    if (kept.size() == 1 && kept[0].is_object()) {
      for (const auto& [key, value] : kept[0].items()) out[key] = value;
    } else {
      out["anyOf"] = std::move(kept);
    }
  }
  /// Gemini's enums are strings.
  void copy_enum(const Json& values, Json& out) {
    Json words = Json::array();
    for (const Json& value : values) {
      if (value.is_null()) {
        out["nullable"] = true;
      } else if (value.is_string()) {
        words.push_back(value);
      }
    }
    if (words.empty() || words.size() + 1 < values.size()) {
      lost_ = true;
      return;
    }
    out["enum"] = std::move(words);
    if (!out.contains("type")) out["type"] = "string";
  }

  const Json& root_;
  std::size_t nodes_ = 0;
  bool lost_ = false;
};

}  // namespace

std::string gemini_schema(std::string_view schema, bool& lost) {
  const Json root = Json::parse(schema, nullptr, false);
  if (!root.is_object()) return {};
  SchemaCutter cutter(root);
  const Json cut = cutter.cut(root, 0);
  lost = lost || cutter.lost();
  const bool object = !cut.contains("type") || cut["type"] == "object";
  const bool empty = !cut.contains("properties") || cut["properties"].empty();
  if (object && empty && !cut.contains("anyOf")) return {};
  return cut.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace pg
