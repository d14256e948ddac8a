// From a schema's JSON to nodes. Each keyword is a row of one table; a word that is in no row is refused.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/route/schema_rules.h"

namespace pg {
namespace {

using Json = nlohmann::json;
using Node = JsonSchema::Node;

constexpr std::size_t kMostNodes = 2'000;  // and so the depth of what compiles them

struct TypeName {
  std::string_view name;
  std::uint8_t bits;
  std::string_view with_article;
};
constexpr std::array<TypeName, 7> kTypeNames = {{{"null", schema_null, "null"},
                                                 {"boolean", schema_boolean, "true or false"},
                                                 {"string", schema_string, "a string"},
                                                 {"array", schema_array, "an array"},
                                                 {"object", schema_object, "an object"},
                                                 {"integer", schema_integer, "an integer"},
                                                 {"number", schema_number, "a number"}}};

class Compiler;

struct Keyword {
  std::string_view name;
  Status (*read)(Compiler&, std::size_t node, const Json& value, const std::string& at);
};

class Compiler {
 public:
  explicit Compiler(const Json& whole) : whole_(whole) {}

  Result<JsonSchema::Rules> run() {
    PG_TRY(const std::size_t top, compile(whole_, ""));
    static_cast<void>(top);  // the first
    PG_TRY_STATUS(check_loops());
    return std::move(rules_);
  }

  /// The node of the schema that stands at that JSON pointer, compiled once.
  Result<std::size_t> compile(const Json& schema, const std::string& at);
  Result<std::size_t> compile_ref(const Json& value, const std::string& at);
  Node& node(std::size_t number) { return rules_.nodes[number]; }

  static Error flaw(const std::string& at, std::string_view message) {
    return make_error(Code::bad_request, fmt::format("{}: {}", at.empty() ? "/" : at, message));
  }

 private:
  Status read_members(const Json& schema, std::size_t number, const std::string& at);
  Status check_loops() const;
  std::vector<std::size_t> in_place(const Node& node) const;
  bool is_on_loop(std::size_t number, std::vector<char>& seen) const;

  const Json& whole_;
  JsonSchema::Rules rules_;
  std::map<std::string, std::size_t> known_;
};

template <auto kMember>
Status read_schema(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  PG_TRY(const std::size_t made, compiler.compile(value, at));
  compiler.node(number).*kMember = made;
  return {};
}

template <auto kMember>
Status read_schemas(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_array() || value.empty()) return Compiler::flaw(at, "must be a list of schemas");
  std::vector<std::size_t> made;
  for (std::size_t i = 0; i < value.size(); ++i) {
    PG_TRY(const std::size_t one, compiler.compile(value[i], fmt::format("{}/{}", at, i)));
    made.push_back(one);
  }
  compiler.node(number).*kMember = std::move(made);
  return {};
}

// A place in a JSON pointer: RFC 6901.
std::string pointer_part(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

// What stands at a JSON pointer; nullptr when nothing does.
const Json* find_place(const Json& whole, std::string_view pointer) {
  const Json* at = &whole;
  if (pointer.empty()) return at;
  for (const std::string_view part : split(pointer.substr(1), '/')) {
    std::string name;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const bool escaped = part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
      name += escaped ? (part[i + 1] == '0' ? '~' : '/') : part[i];
      if (escaped) ++i;
    }
    if (at->is_array()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
      if (error != std::errc() || end != name.data() + name.size() || index >= at->size()) return nullptr;
      at = &(*at)[index];
    } else {
      const auto found = at->find(name);
      if (!at->is_object() || found == at->end()) return nullptr;
      at = &*found;
    }
  }
  return at;
}

template <auto kMember>
Status read_named(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_object()) return Compiler::flaw(at, "must be a table of schemas");
  for (const auto& [name, schema] : value.items()) {
    PG_TRY(const std::size_t made, compiler.compile(schema, fmt::format("{}/{}", at, pointer_part(name))));
    (compiler.node(number).*kMember).insert_or_assign(name, made);
  }
  return {};
}

template <auto kMember>
Status read_number(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_number()) return Compiler::flaw(at, "must be a number");
  compiler.node(number).*kMember = value.get<double>();
  return {};
}

template <auto kMember>
Status read_count(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  constexpr double kMost = 1e15;  // 3.0 is a whole number, too
  const double real = value.is_number() ? value.get<double>() : -1;
  if (!(real >= 0 && std::floor(real) == real)) return Compiler::flaw(at, "must be a whole number that is not negative");
  compiler.node(number).*kMember = static_cast<std::size_t>(std::min(real, kMost));
  return {};
}

Status read_strings(const Json& value, const std::string& at, std::vector<std::string>& out) {
  const auto is_text = [](const Json& one) { return one.is_string(); };
  if (!value.is_array() || !std::all_of(value.begin(), value.end(), is_text))
    return Compiler::flaw(at, "must be a list of names");
  out = value.get<std::vector<std::string>>();
  return {};
}

Status read_type(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  const std::vector<Json> names = value.is_array() ? value.get<std::vector<Json>>() : std::vector<Json>{value};
  if (names.empty()) return Compiler::flaw(at, "must name a type");
  for (const Json& name : names) {
    const auto row = std::find_if(kTypeNames.begin(), kTypeNames.end(),
                                  [&](const TypeName& type) { return name.is_string() && name == Json(type.name); });
    if (row == kTypeNames.end())
      return Compiler::flaw(at, "the types are null, boolean, string, array, object, integer and number");
    compiler.node(number).types |= row->bits;
  }
  return {};
}

Status read_enum(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_array() || value.empty()) return Compiler::flaw(at, "must be a list of values");
  compiler.node(number).values = value.get<std::vector<Json>>();
  return {};
}

Status read_const(Compiler& compiler, std::size_t number, const Json& value, const std::string&) {
  compiler.node(number).values = {value};
  return {};
}

Status read_unique(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_boolean()) return Compiler::flaw(at, "must be true or false");
  compiler.node(number).unique_items = value.get<bool>();
  return {};
}

Status read_multiple(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_number() || value.get<double>() <= 0) return Compiler::flaw(at, "must be a number above 0");
  compiler.node(number).multiple_of = value.get<double>();
  return {};
}

Result<Regex> read_regex(const std::string& text, const std::string& at) {
  Result<Regex> made = Regex::make(text, CaseMatters::yes);
  if (!made) return Compiler::flaw(at, "this pattern is not understood: " + made.error().message);
  return made;
}

Status read_pattern(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_string()) return Compiler::flaw(at, "must be a regular expression");
  PG_TRY(Regex made, read_regex(value.get<std::string>(), at));
  compiler.node(number).pattern = std::move(made);
  return {};
}

Status read_patterns(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_object()) return Compiler::flaw(at, "must be a table of schemas");
  for (const auto& [name, schema] : value.items()) {
    PG_TRY(Regex made, read_regex(name, at));
    PG_TRY(const std::size_t under, compiler.compile(schema, fmt::format("{}/{}", at, pointer_part(name))));
    compiler.node(number).patterns.emplace_back(std::move(made), under);
  }
  return {};
}

Status read_required(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  return read_strings(value, at, compiler.node(number).required);
}

Status read_dependent_required(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  if (!value.is_object()) return Compiler::flaw(at, "must be a table of lists of names");
  for (const auto& [name, names] : value.items())
    PG_TRY_STATUS(read_strings(names, at, compiler.node(number).dependent_required[name]));
  return {};
}

// Schemas that are only referred to: compiled all the same, so that a mistake in them is found.
Status read_definitions(Compiler& compiler, std::size_t, const Json& value, const std::string& at) {
  if (!value.is_object()) return Compiler::flaw(at, "must be a table of schemas");
  for (const auto& [name, schema] : value.items()) {
    auto made = compiler.compile(schema, fmt::format("{}/{}", at, pointer_part(name)));
    if (!made) return made.error();
  }
  return {};
}

Status read_ref(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  PG_TRY(const std::size_t made, compiler.compile_ref(value, at));
  compiler.node(number).ref = made;
  return {};
}

// Draft 7 says with a list what 2020-12 calls prefixItems.
Status read_items(Compiler& compiler, std::size_t number, const Json& value, const std::string& at) {
  return value.is_array() ? read_schemas<&Node::prefix_items>(compiler, number, value, at)
                          : read_schema<&Node::items>(compiler, number, value, at);
}

Status read_remark(Compiler&, std::size_t, const Json&, const std::string&) {
  return {};
}

constexpr Keyword kKeywords[] = {{"type", read_type},
                                 {"enum", read_enum},
                                 {"const", read_const},
                                 {"minimum", read_number<&Node::minimum>},
                                 {"maximum", read_number<&Node::maximum>},
                                 {"exclusiveMinimum", read_number<&Node::above>},
                                 {"exclusiveMaximum", read_number<&Node::below>},
                                 {"multipleOf", read_multiple},
                                 {"minLength", read_count<&Node::min_length>},
                                 {"maxLength", read_count<&Node::max_length>},
                                 {"pattern", read_pattern},
                                 {"prefixItems", read_schemas<&Node::prefix_items>},
                                 {"items", read_items},
                                 {"additionalItems", read_schema<&Node::items>},
                                 {"contains", read_schema<&Node::contains>},
                                 {"minContains", read_count<&Node::min_contains>},
                                 {"maxContains", read_count<&Node::max_contains>},
                                 {"minItems", read_count<&Node::min_items>},
                                 {"maxItems", read_count<&Node::max_items>},
                                 {"uniqueItems", read_unique},
                                 {"properties", read_named<&Node::properties>},
                                 {"required", read_required},
                                 {"patternProperties", read_patterns},
                                 {"additionalProperties", read_schema<&Node::additional>},
                                 {"propertyNames", read_schema<&Node::names>},
                                 {"minProperties", read_count<&Node::min_properties>},
                                 {"maxProperties", read_count<&Node::max_properties>},
                                 {"dependentRequired", read_dependent_required},
                                 {"dependentSchemas", read_named<&Node::dependent_schemas>},
                                 {"$ref", read_ref},
                                 {"$defs", read_definitions},
                                 {"definitions", read_definitions},
                                 {"allOf", read_schemas<&Node::all_of>},
                                 {"anyOf", read_schemas<&Node::any_of>},
                                 {"oneOf", read_schemas<&Node::one_of>},
                                 {"not", read_schema<&Node::negated>},
                                 {"if", read_schema<&Node::condition>},
                                 {"then", read_schema<&Node::then>},
                                 {"else", read_schema<&Node::otherwise>},
                                 // What says nothing about whether a value fits, `format` included (2020-12, 7.2.1).
                                 {"$schema", read_remark},
                                 {"$id", read_remark},
                                 {"$comment", read_remark},
                                 {"title", read_remark},
                                 {"description", read_remark},
                                 {"default", read_remark},
                                 {"examples", read_remark},
                                 {"deprecated", read_remark},
                                 {"readOnly", read_remark},
                                 {"writeOnly", read_remark},
                                 {"format", read_remark},
                                 {"contentEncoding", read_remark},
                                 {"contentMediaType", read_remark}};

Result<std::size_t> Compiler::compile(const Json& schema, const std::string& at) {
  if (const auto found = known_.find(at); found != known_.end()) return found->second;
  if (rules_.nodes.size() >= kMostNodes) return flaw(at, fmt::format("more than {} schemas in one", kMostNodes));
  const std::size_t number = rules_.nodes.size();
  rules_.nodes.emplace_back();
  known_.emplace(at, number);
  if (schema.is_boolean())
    rules_.nodes[number].never = !schema.get<bool>();
  else if (!schema.is_object())
    return flaw(at, "a schema is an object, true or false");
  else
    PG_TRY_STATUS(read_members(schema, number, at));
  return number;
}

Status Compiler::read_members(const Json& schema, std::size_t number, const std::string& at) {
  for (const auto& [name, value] : schema.items()) {
    const auto row = std::find_if(std::begin(kKeywords), std::end(kKeywords),
                                  [&name = name](const Keyword& keyword) { return keyword.name == name; });
    if (row != std::end(kKeywords)) {
      PG_TRY_STATUS(row->read(*this, number, value, at + "/" + pointer_part(name)));
      continue;
    }
    if (name.starts_with("x-")) continue;  // somebody's own remark
    std::vector<std::string_view> words;
    for (const Keyword& keyword : kKeywords) words.push_back(keyword.name);
    const auto near = find_nearest(name, words);
    return flaw(at, near ? fmt::format("\"{}\" is not checked here; did you mean \"{}\"?", escape_controls(name), *near)
                         : fmt::format("\"{}\" is not checked here", escape_controls(name.substr(0, 64))));
  }
  return {};
}

Result<std::size_t> Compiler::compile_ref(const Json& value, const std::string& at) {
  if (!value.is_string()) return flaw(at, "must be a text");
  const std::string text = value.get<std::string>();
  const auto pointer = text.starts_with('#') ? from_percent(std::string_view(text).substr(1)) : std::nullopt;
  if (!pointer || (!pointer->empty() && pointer->front() != '/'))
    return flaw(at, "refers to a place outside of this schema; only \"#\" and \"#/…\" are followed");
  const Json* there = find_place(whole_, *pointer);
  if (there == nullptr) return flaw(at, "refers to nothing");
  return compile(*there, *pointer);
}

std::vector<std::size_t> Compiler::in_place(const Node& node) const {
  std::vector<std::size_t> out;
  for (const std::size_t one : {node.ref, node.negated, node.condition, node.then, node.otherwise})
    if (one != kNoSchema) out.push_back(one);
  for (const std::vector<std::size_t>* list : {&node.all_of, &node.any_of, &node.one_of})
    out.insert(out.end(), list->begin(), list->end());
  for (const auto& [name, schema] : node.dependent_schemas) out.push_back(schema);
  return out;
}

bool Compiler::is_on_loop(std::size_t number, std::vector<char>& seen) const {
  if (seen[number] != 0) return seen[number] == 1;
  seen[number] = 1;
  const std::vector<std::size_t> next = in_place(rules_.nodes[number]);
  const bool loops = std::any_of(next.begin(), next.end(), [&](std::size_t one) { return is_on_loop(one, seen); });
  seen[number] = 2;
  return loops;
}

// A schema may hold itself for what is further inside a value; for the same value it would never end.
Status Compiler::check_loops() const {
  std::vector<char> seen(rules_.nodes.size(), 0);
  for (const auto& [at, number] : known_)
    if (is_on_loop(number, seen)) return flaw(at, "refers to itself without end");
  return {};
}

}  // namespace

Result<JsonSchema::Rules> compile_schema(const nlohmann::json& schema) {
  return Compiler(schema).run();
}

std::string schema_types_text(std::uint8_t types) {
  std::string out;
  for (const TypeName& type : kTypeNames)
    if ((types & type.bits) != 0) out += fmt::format("{}{}", out.empty() ? "" : " or ", type.with_article);
  return out;
}

}  // namespace pg
