// The door between texts and compiled schemas.
#include "core/route/schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/route/schema_rules.h"
#include "core/wire/json_doc.h"

namespace pg {
namespace {

using Json = nlohmann::json;

// JsonDoc first: it bounds the depth and refuses what is no UTF-8.
Status read_value(std::string_view text, Json& value) {
  JsonDoc doc;
  if (!doc.parse(text)) return make_error(Code::bad_request, "is no JSON");
  value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? Status(make_error(Code::bad_request, "holds a number beyond all measure")) : Status();
}

bool is_object_node(const JsonSchema::Node& node) {
  return node.types == schema_object || (node.types == 0 && !node.properties.empty());
}

}  // namespace

JsonSchema::JsonSchema() = default;
JsonSchema::~JsonSchema() = default;

Result<std::shared_ptr<const JsonSchema>> JsonSchema::make(std::string_view text) {
  Json schema;
  PG_TRY_STATUS(read_value(text, schema));
  PG_TRY(Rules rules, compile_schema(schema));
  std::shared_ptr<JsonSchema> made(new JsonSchema);
  made->text_ = text;
  made->rules_ = std::make_unique<Rules>(std::move(rules));
  return std::shared_ptr<const JsonSchema>(std::move(made));
}

std::vector<std::string> JsonSchema::find_flaws(std::string_view value, std::size_t most) const {
  Json read;
  if (const Status flaw = read_value(value, read); !flaw) return {flaw.error().message};
  return check_by_schema(*rules_, read, value.size(), most);
}

bool JsonSchema::is_strict() const {
  return std::all_of(rules_->nodes.begin(), rules_->nodes.end(), [&](const Node& node) {
    if (node.never) return true;
    if (!is_object_node(node)) return node.types != 0 || node.ref != kNoSchema || !node.any_of.empty() || !node.values.empty();
    const bool closed = node.additional != kNoSchema && rules_->nodes[node.additional].never;
    return closed && node.patterns.empty() &&
           std::all_of(node.properties.begin(), node.properties.end(), [&](const auto& property) {
             return std::find(node.required.begin(), node.required.end(), property.first) != node.required.end();
           });
  });
}

}  // namespace pg
