// A compiled JSON Schema: nodes that name each other by number, so that a schema may refer to itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/regex.h"
#include "core/route/schema.h"

namespace pg {

inline constexpr std::size_t kNoSchema = static_cast<std::size_t>(-1);

/// The kinds of a value as bits; a whole number is both of the last two.
enum SchemaType : std::uint8_t {
  schema_null = 1,
  schema_boolean = 2,
  schema_string = 4,
  schema_array = 8,
  schema_object = 16,
  schema_integer = 32,
  schema_number = 64
};

struct JsonSchema::Node {
  bool never = false;                  // the schema `false`
  std::uint8_t types = 0;              // 0 = any
  std::vector<nlohmann::json> values;  // enum, const; empty = any

  std::optional<double> minimum, maximum, above, below, multiple_of;
  std::optional<std::size_t> min_length, max_length;  // in code points
  std::optional<Regex> pattern;

  std::vector<std::size_t> prefix_items;
  std::size_t items = kNoSchema, contains = kNoSchema;
  std::size_t min_contains = 1;
  std::optional<std::size_t> max_contains, min_items, max_items;
  bool unique_items = false;

  std::map<std::string, std::size_t, std::less<>> properties;
  std::vector<std::string> required;
  std::vector<std::pair<Regex, std::size_t>> patterns;
  std::map<std::string, std::vector<std::string>, std::less<>> dependent_required;
  std::map<std::string, std::size_t, std::less<>> dependent_schemas;
  std::size_t additional = kNoSchema, names = kNoSchema;
  std::optional<std::size_t> min_properties, max_properties;

  std::size_t ref = kNoSchema, negated = kNoSchema, condition = kNoSchema, then = kNoSchema, otherwise = kNoSchema;
  std::vector<std::size_t> all_of, any_of, one_of;
};

struct JsonSchema::Rules {
  std::vector<Node> nodes;  // the first is the whole schema
};

/// bad_request with the place in the schema.
Result<JsonSchema::Rules> compile_schema(const nlohmann::json& schema);

/// What does not fit of `value`, in words without anything out of it.
std::vector<std::string> check_by_schema(const JsonSchema::Rules& rules, const nlohmann::json& value, std::size_t size,
                                         std::size_t most);

/// "a string", "an integer or null".
std::string schema_types_text(std::uint8_t types);

}  // namespace pg
