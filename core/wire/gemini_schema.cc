// Inlines $ref, merges allOf, turns const into enum and null types into nullable, and keeps only keywords Gemini knows.
#include "core/wire/gemini_schema.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace pg {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxSchemaDepth = 24;      // deeper than this it becomes a plain object
constexpr std::size_t kNodeCost = 32;    // of a schema that a reference stands for, beside its words
constexpr std::size_t kMaxActive = 256;  // layers of all the schemas around one

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

std::string_view type_of(const Json& value) {
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  if (value.is_array()) return "array";
  return value.is_object() ? "object" : "string";
}

class SchemaCutter {
 public:
  SchemaCutter(const Json& root, std::size_t& left) : root_(root), left_(left) {}

  Json cut(const Json& schema, int depth) {
    const std::size_t active = active_.size(), inlined = inlined_;
    std::vector<const Json*> layers;
    Json out = Json::object();
    if (depth <= kMaxSchemaDepth && gather(schema, layers)) {
      for (const Json* layer : layers) {
        for (const auto& [key, value] : layer->items()) copy(key, value, depth, out);
      }
      mend(out);
    } else {
      lost_ = lost_ || !schema.is_boolean();
      out["type"] = "object";
    }
    active_.resize(active);
    inlined_ = inlined;
    return out;
  }
  bool lost() const { return lost_; }

 private:
  /// The schema, what it refers to, and the parts of its allOf: the first that says something about a keyword is believed. False
  /// where a type begins anew inside itself, which never ends, and where references have stood for enough.
  bool gather(const Json& schema, std::vector<const Json*>& layers) {
    if (!schema.is_object() || active_.size() == kMaxActive || !spend(kNodeCost)) return false;
    if (std::find(active_.begin(), active_.end(), &schema) != active_.end()) return false;
    active_.push_back(&schema);
    layers.push_back(&schema);
    if (schema.contains("$ref")) {
      const Json* target = schema["$ref"].is_string() ? find(schema["$ref"].get<std::string>()) : nullptr;
      ++inlined_;
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
  /// What stands in the schema itself is paid for by those who wrote it.
  bool spend(std::size_t bytes) {
    if (inlined_ == 0) return true;
    const bool enough = left_ >= bytes;
    left_ = enough ? left_ - bytes : 0;
    return enough;
  }

  void copy(const std::string& key, const Json& value, int depth, Json& out) {
    if (key == "properties" && value.is_object()) {
      Json& members = out.emplace(key, Json::object()).first.value();
      for (const auto& [name, member] : value.items()) {
        if (members.contains(name)) continue;
        spend(name.size());
        members[name] = cut(member, depth + 1);
      }
    } else if (key == "required" && value.is_array()) {
      Json& names = out.emplace(key, Json::array()).first.value();
      for (const Json& name : value) {
        if (name.is_string()) names.push_back(name);
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
      if (inlined_ > 0) spend(key.size() + value.dump().size());
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
      for (const Json& kind : kinds) {
        choices.push_back(Json{{"type", kind}});
        mend(choices.back());
      }
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
  /// Gemini's enums are strings, none of them empty. One that leaves numbers out would forbid them.
  void copy_enum(const Json& values, Json& out) {
    Json words = Json::array();
    std::set<std::string_view> kinds;
    for (const Json& value : values) {
      if (value.is_null()) {
        out["nullable"] = true;
        continue;
      }
      kinds.insert(type_of(value));
      const bool word = value.is_string() && !value.get_ref<const std::string&>().empty();
      lost_ = lost_ || !word;
      if (word) words.push_back(value);
    }
    if (inlined_ > 0) spend(words.dump().size());
    lost_ = lost_ || words.empty();
    if (!out.contains("type")) out["type"] = kinds.size() == 1 ? *kinds.begin() : std::string_view("string");
    if (!words.empty() && kinds.size() == 1) out["enum"] = std::move(words);
  }
  /// What Gemini's own checks of a schema ask for: lists say of what, and what is required is there.
  void mend(Json& out) {
    if (out.contains("type") && out["type"] == "array" && !out.contains("items")) {
      out["items"] = Json{{"type", "string"}};
      lost_ = true;
    }
    if (!out.contains("required")) return;
    std::set<std::string_view> members, seen;
    if (out.contains("properties"))
      for (const auto& [name, member] : out["properties"].items()) members.insert(name);
    Json names = Json::array();
    for (const Json& name : out["required"]) {
      const std::string& word = name.get_ref<const std::string&>();
      const bool known = members.contains(word);
      lost_ = lost_ || !known;
      if (known && seen.insert(word).second) names.push_back(name);
    }
    if (names.empty())
      out.erase("required");
    else
      out["required"] = std::move(names);
  }

  const Json& root_;
  std::size_t& left_;
  std::vector<const Json*> active_;  // the schema that is being cut, those around it, and their layers
  std::size_t inlined_ = 0;          // references that lead here
  bool lost_ = false;
};

}  // namespace

std::string GeminiSchemas::write(std::string_view schema) {
  const Json root = Json::parse(schema, nullptr, false);
  if (!root.is_object()) return {};
  SchemaCutter cutter(root, left_);
  const Json cut = cutter.cut(root, 0);
  lost_ = lost_ || cutter.lost();
  const bool object = !cut.contains("type") || cut["type"] == "object";
  const bool empty = !cut.contains("properties") || cut["properties"].empty();
  if (object && empty && !cut.contains("anyOf")) return {};
  return cut.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace pg
